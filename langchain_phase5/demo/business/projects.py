"""Projects: state, tasks, deadlines and budgets of internal work."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from langchain_phase5.demo.business.answers import listing
from langchain_phase5.demo.business.checks import as_date, known, positive, unused
from langchain_phase5.demo.business.company import Company
from langchain_phase5.demo.business.office_records import Task
from langchain_phase5.demo.business.records import TODAY


def get_project_status(company: Company, project: str) -> str:
    """Tell whether a project is on track, who leads it and when it is due.

    Args:
        project: Name of the project, such as Winter Catalog.
    """
    p = known(company.projects, project, "project")
    return f"Project {p.name} is {p.status}, led by {p.owner}, due on {p.due}."


def list_projects(company: Company, limit: int = 10) -> str:
    """List all internal projects with their state.

    Args:
        limit: How many to list at most.
    """
    rows = [f"{project.name} ({project.status})" for project in company.projects.values()]
    return listing("Projects", rows, limit)


def list_project_tasks(company: Company, project: str) -> str:
    """List the tasks of a project and whether each is done.

    Args:
        project: Name of the project, such as Mobile Checkout.
    """
    name = known(company.projects, project, "project").name
    tasks = [task for task in company.tasks.values() if task.project == name]
    rows = [f"{task.title} ({'done' if task.done else 'open'})" for task in tasks]
    return listing(f"Tasks of {name}", rows)


def list_tasks_for_employee(company: Company, employee: str) -> str:
    """List the open project tasks that a colleague has to do.

    Args:
        employee: Full name of the colleague.
    """
    name = known(company.employees, employee, "employee").name
    tasks = [task for task in company.tasks.values() if task.assignee == name and not task.done]
    return listing(f"Open tasks of {name}", [f"{task.title} until {task.due}" for task in tasks])


def list_overdue_tasks(company: Company, limit: int = 10) -> str:
    """List unfinished project tasks whose deadline has passed.

    Args:
        limit: How many to list at most.
    """
    tasks = [task for task in company.tasks.values() if not task.done and task.due < TODAY]
    rows = [f"{task.title} ({task.assignee}, due {task.due})" for task in tasks]
    return listing("Overdue tasks", rows, limit)


def create_task(company: Company, project: str, title: str, employee: str = "") -> str:
    """Add a task to a project; it is due in one week.

    Args:
        project: Name of the project.
        title: What is to be done.
        employee: Full name of the colleague who does it; the project's owner if not given.
    """
    owner = known(company.projects, project, "project")
    name = unused(company.tasks, title, "task")
    assignee = known(company.employees, employee or owner.owner, "employee").name
    company.tasks[name] = Task(name, owner.name, assignee, TODAY + timedelta(days=7))
    return f"Task '{name}' is added to {owner.name} for {assignee}."


def complete_task(company: Company, title: str) -> str:
    """Mark a project task as done.

    Args:
        title: Title of the task, such as Load test.
    """
    task = known(company.tasks, title, "task")
    company.tasks[task.title] = replace(task, done=True)
    return f"Task '{task.title}' of {task.project} is done."


def reassign_task(company: Company, title: str, employee: str) -> str:
    """Hand a project task to another colleague.

    Args:
        title: Title of the task, such as Order shelves.
        employee: Full name of the colleague who takes over.
    """
    task = known(company.tasks, title, "task")
    name = known(company.employees, employee, "employee").name
    company.tasks[task.title] = replace(task, assignee=name)
    return f"Task '{task.title}' is now assigned to {name}."


def get_project_budget(company: Company, project: str) -> str:
    """Tell how much of a project's money is spent and how much is left.

    Args:
        project: Name of the project, such as Hamburg Store.
    """
    p = known(company.projects, project, "project")
    left = p.budget - p.spent
    return (
        f"Project {p.name} has spent {p.spent:.2f} of {p.budget:.2f} EUR; {left:.2f} EUR are left."
    )


def record_project_cost(company: Company, project: str, amount: float) -> str:
    """Book a cost on a project's budget.

    Args:
        project: Name of the project.
        amount: Cost in EUR.
    """
    p = known(company.projects, project, "project")
    p = replace(p, spent=p.spent + positive(amount, "amount"))
    company.projects[p.name] = p
    return f"Project {p.name} has now spent {p.spent:.2f} of {p.budget:.2f} EUR."


def set_project_deadline(company: Company, project: str, date: str) -> str:
    """Move the day on which a project has to be finished.

    Args:
        project: Name of the project.
        date: New deadline as an ISO date.
    """
    p = known(company.projects, project, "project")
    company.projects[p.name] = replace(p, due=as_date(date))
    return f"Project {p.name} is now due on {as_date(date)}."


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    get_project_status,
    list_projects,
    list_project_tasks,
    list_tasks_for_employee,
    list_overdue_tasks,
    create_task,
    complete_task,
    reassign_task,
    get_project_budget,
    record_project_cost,
    set_project_deadline,
)

USE_CASES: Final = {
    get_project_status: ["How is the Hamburg store coming along?"],
    list_tasks_for_employee: ["What does Elin Strand still have to do?"],
}
