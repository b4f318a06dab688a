"""The tools of the demo's shop: described, runnable, honest about unknown names, not entangled."""

import pytest
from fakes import FakeChatModel, call
from hypothesis import given
from hypothesis import strategies as st
from langchain.agents import create_agent
from langchain_core.messages import ToolMessage

from langchain_phase5.demo.business import Company, all_tools

CUSTOMER = {"customer": "Mara Lindqvist"}
EMPLOYEE = {"employee": "Priya Nair"}
DAY = {"date": "2026-11-17"}

EXAMPLES = {
    "get_order_status": {"order_id": "A-1004"},
    "list_order_items": {"order_id": "A-1006"},
    "get_order_total": {"order_id": "A-1007"},
    "list_orders_by_customer": CUSTOMER,
    "list_late_orders": {"limit": 2},
    "list_orders_on_date": {"date": "2026-11-10"},
    "list_orders_to_pack": {},
    "place_order": {"customer": "Jonas Weber", "sku": "HL-110", "quantity": 2},
    "cancel_order": {"order_id": "A-1006"},
    "change_order_quantity": {"order_id": "A-1006", "sku": "SB-320", "quantity": 3},
    "add_order_note": {"order_id": "A-1007", "text": "Ring twice"},
    "get_customer_profile": CUSTOMER,
    "find_customer_by_email": {"email": "daan.visser@example.com"},
    "list_customers_by_country": {"country": "Norway"},
    "get_loyalty_points": CUSTOMER,
    "add_loyalty_points": CUSTOMER | {"quantity": 100},
    "get_customer_lifetime_value": CUSTOMER,
    "list_top_customers": {"limit": 2},
    "list_customers_with_tag": {"tag": "vip"},
    "tag_customer": CUSTOMER | {"tag": "racer"},
    "update_customer_email": CUSTOMER | {"email": "mara@example.org"},
    "get_stock_level": {"sku": "BK-201"},
    "list_low_stock": {},
    "get_product_price": {"sku": "TN-301"},
    "describe_product": {"sku": "SB-320"},
    "search_products": {"text": "helmet"},
    "list_products_in_category": {"tag": "camping"},
    "receive_stock": {"sku": "TN-304", "quantity": 5},
    "write_off_stock": {"sku": "LT-501", "quantity": 4},
    "change_product_price": {"sku": "ST-701", "amount": 59.0},
    "get_inventory_value": {},
    "get_supplier": {"sku": "BK-210"},
    "track_shipment": {"order_id": "A-1005"},
    "estimate_delivery_date": {"city": "Porto"} | DAY,
    "quote_shipping": {"country": "France", "sku": "BK-201", "quantity": 1},
    "find_carrier": {"country": "Sweden"},
    "list_shipments_in_transit": {},
    "get_delivery_address": {"order_id": "A-1008"},
    "redirect_shipment": {"order_id": "A-1006", "city": "Oslo"},
    "create_return_label": {"order_id": "A-1002"},
    "schedule_parcel_pickup": {"order_id": "A-1011"} | DAY,
    "calculate_customs_duty": {"country": "Switzerland", "amount": 500.0},
    "get_invoice": {"invoice_id": "INV-2031"},
    "find_invoice_for_order": {"order_id": "A-1007"},
    "list_overdue_invoices": {},
    "get_total_receivables": {},
    "get_balance_due": CUSTOMER,
    "mark_invoice_paid": {"invoice_id": "INV-2032"},
    "create_invoice": {"order_id": "A-1012"},
    "refund_order": {"order_id": "A-1003", "amount": 50.0},
    "discount_invoice": {"invoice_id": "INV-2034", "percent": 10.0},
    "send_payment_reminder": {"invoice_id": "INV-2035"},
    "get_monthly_revenue": {"month": "2026-10"},
    "calculate_vat": {"amount": 200.0, "country": "Germany"},
    "get_ticket": {"ticket_id": "T-303"},
    "list_open_tickets": {"limit": 3},
    "list_unassigned_tickets": {},
    "list_tickets_by_customer": CUSTOMER,
    "create_ticket": CUSTOMER | {"title": "Bell is missing"},
    "close_ticket": {"ticket_id": "T-301"},
    "escalate_ticket": {"ticket_id": "T-308"},
    "assign_ticket": {"ticket_id": "T-305", "employee": "Ana Ferreira"},
    "add_ticket_comment": {"ticket_id": "T-304", "text": "Sent new pads"},
    "search_help_center": {"text": "tent"},
    "check_warranty": {"order_id": "A-1001"},
    "check_return_window": {"order_id": "A-1002"},
    "get_campaign_results": {"campaign": "Autumn Sale"},
    "get_campaign_conversion_rate": {"campaign": "Autumn Sale"},
    "get_campaign_budget": {"campaign": "Bike to Work"},
    "list_active_campaigns": {},
    "create_campaign": {"campaign": "Spring Tour", "amount": 1500.0},
    "pause_campaign": {"campaign": "Winter Ready"},
    "create_coupon": {"campaign": "Gift Guide", "percent": 20.0},
    "list_coupons": {},
    "schedule_newsletter": {"title": "Snow is coming"} | DAY,
    "count_newsletter_subscribers": {"country": "Norway"},
    "get_product_rating": {"sku": "TN-301"},
    "list_best_rated_products": {"limit": 2},
    "list_events_on_date": DAY,
    "get_event_details": {"title": "Supplier Call"},
    "create_event": {"title": "Frame check", "time": "14:30"} | DAY,
    "reschedule_event": {"title": "Team Dinner", "date": "2026-11-28", "time": "19:00"},
    "cancel_event": {"title": "Checkout Demo"},
    "invite_to_event": {"title": "Supplier Call"} | EMPLOYEE,
    "find_free_slot": EMPLOYEE | DAY,
    "get_next_event": {"employee": "Oscar Lund"},
    "list_public_holidays": {"country": "Norway"},
    "list_unread_mail": {},
    "read_mail": {"title": "Late tent"},
    "search_mail": {"text": "wholesale"},
    "list_mail_from_sender": {"email": "sales@velofabrik.example"},
    "send_email": {"email": "nora@ridgeline.example", "text": "Late.", "title": "Frames"},
    "reply_to_mail": {"title": "Late tent", "text": "It ships on 2026-11-23."},
    "forward_mail": {"title": "Photo shoot", "employee": "Liam Byrne"},
    "delete_mail": {"title": "Rent for December"},
    "list_sent_mail": {},
    "get_reply_template": {"tag": "apology"},
    "list_files": {"limit": 3},
    "read_file": {"path": "meeting_notes.md"},
    "get_file_info": {"path": "report.csv"},
    "search_files": {"text": "print run"},
    "list_files_with_tag": {"tag": "finance"},
    "create_file": {"path": "ideas.md", "text": "Rent out tents"},
    "append_to_file": {"path": "meeting_notes.md", "text": "Call the landlord"},
    "delete_file": {"path": "catalog.txt"},
    "share_file": {"path": "catalog.txt", "email": "studio@fokus.example"},
    "count_words_in_file": {"path": "returns_policy.md"},
    "get_employee_profile": EMPLOYEE,
    "get_employee_email": EMPLOYEE,
    "get_manager": EMPLOYEE,
    "list_direct_reports": {"employee": "Felix Brandt"},
    "list_employees_in_city": {"city": "Hamburg"},
    "find_employees_by_skill": {"tag": "sql"},
    "add_employee_skill": EMPLOYEE | {"tag": "video"},
    "get_vacation_balance": EMPLOYEE,
    "request_vacation": EMPLOYEE | DAY | {"quantity": 2},
    "list_absent_employees": DAY,
    "get_work_anniversary": {"employee": "Camille Roy"},
    "get_project_status": {"project": "Hamburg Store"},
    "list_projects": {},
    "list_project_tasks": {"project": "Winter Catalog"},
    "list_tasks_for_employee": {"employee": "Elin Strand"},
    "list_overdue_tasks": {},
    "create_task": {"project": "Winter Catalog", "title": "Print test"} | EMPLOYEE,
    "complete_task": {"title": "Load test"},
    "reassign_task": {"title": "Order shelves"} | EMPLOYEE,
    "get_project_budget": {"project": "Hamburg Store"},
    "record_project_cost": {"project": "Hamburg Store", "amount": 800.0},
    "set_project_deadline": {"project": "Winter Catalog", "date": "2026-12-07"},
    "search_flights": {"city": "Hamburg"} | DAY,
    "book_flight": EMPLOYEE | {"city": "Lyon"} | DAY,
    "find_hotels": {"city": "Stockholm", "limit": 1},
    "book_hotel": EMPLOYEE | {"city": "Krakow"} | DAY,
    "estimate_trip_cost": {"city": "Dublin", "quantity": 2},
    "get_train_duration": {"city": "Oslo"},
    "list_trips": {"employee": "Felix Brandt"},
    "cancel_trip": {"employee": "Felix Brandt", "city": "Krakow"},
    "submit_expense": EMPLOYEE | {"amount": 23.5, "text": "taxi"},
    "get_expense_total": EMPLOYEE,
    "get_daily_allowance": {"country": "Germany"},
    "get_current_weather": {"city": "Bergen"},
    "get_weather_forecast": {"city": "Hamburg"} | DAY,
    "check_rain_chance": {"city": "Lyon"} | DAY,
    "get_wind_speed": {"city": "Hamburg"} | DAY,
    "get_sunset_time": {"city": "Stockholm"},
    "find_warmest_city": DAY,
    "check_riding_conditions": {"city": "Stockholm"} | DAY,
    "get_air_quality": {"city": "Krakow"},
    "list_weather_warnings": {"country": "Norway"},
    "convert_currency": {"amount": 100.0, "currency": "NOK"},
    "get_exchange_rate": {"currency": "USD"},
    "convert_distance": {"amount": 42.0, "unit": "km"},
    "convert_weight": {"amount": 10.4, "unit": "kg"},
    "convert_temperature": {"amount": 20.0, "unit": "celsius"},
    "calculate_percentage": {"percent": 15.0, "amount": 240.0},
    "calculate_discounted_price": {"amount": 159.0, "percent": 20.0},
    "calculate_net_from_gross": {"amount": 119.0, "percent": 19.0},
    "split_amount": {"amount": 240.0, "quantity": 6},
    "count_days_until": {"date": "2026-12-24"},
    "add_days_to_date": {"quantity": 30} | DAY,
    "get_weekday": {"date": "2026-12-24"},
}

VOCABULARY = {
    "order_id",
    "invoice_id",
    "ticket_id",
    "sku",
    "customer",
    "employee",
    "email",
    "city",
    "country",
    "date",
    "month",
    "time",
    "amount",
    "quantity",
    "percent",
    "currency",
    "unit",
    "path",
    "text",
    "title",
    "project",
    "campaign",
    "tag",
    "limit",
}
MAY_BE_ANYTHING = {
    "email",
    "date",
    "month",
    "time",
    "amount",
    "quantity",
    "percent",
    "text",
    "limit",
}
NEW = {
    ("redirect_shipment", "city"),
    ("tag_customer", "tag"),
    ("add_employee_skill", "tag"),
    ("create_campaign", "campaign"),
    ("create_file", "path"),
    ("create_event", "title"),
    ("create_task", "title"),
    ("create_ticket", "title"),
    ("schedule_newsletter", "title"),
    ("send_email", "title"),
}
REFERENCES = [
    (name, parameter)
    for name, arguments in EXAMPLES.items()
    for parameter in arguments
    if parameter not in MAY_BE_ANYTHING and (name, parameter) not in NEW
] + [("find_customer_by_email", "email")]

# A call that changes something, and another tool that shows it.
EFFECTS = [
    ("place_order", ("list_orders_by_customer", {"customer": "Jonas Weber"})),
    ("place_order", ("get_stock_level", {"sku": "HL-110"})),
    ("cancel_order", ("get_order_status", {"order_id": "A-1006"})),
    ("cancel_order", ("get_stock_level", {"sku": "SB-320"})),
    ("change_order_quantity", ("get_stock_level", {"sku": "SB-320"})),
    ("change_order_quantity", ("get_order_total", {"order_id": "A-1006"})),
    ("add_loyalty_points", ("get_loyalty_points", CUSTOMER)),
    ("tag_customer", ("list_customers_with_tag", {"tag": "racer"})),
    ("update_customer_email", ("get_customer_profile", CUSTOMER)),
    ("receive_stock", ("list_low_stock", {})),
    ("write_off_stock", ("get_stock_level", {"sku": "LT-501"})),
    ("change_product_price", ("get_product_price", {"sku": "ST-701"})),
    ("change_product_price", ("get_inventory_value", {})),
    ("redirect_shipment", ("get_delivery_address", {"order_id": "A-1006"})),
    ("mark_invoice_paid", ("list_overdue_invoices", {})),
    ("mark_invoice_paid", ("get_balance_due", {"customer": "Jonas Weber"})),
    ("create_invoice", ("find_invoice_for_order", {"order_id": "A-1012"})),
    ("discount_invoice", ("get_total_receivables", {})),
    ("send_payment_reminder", ("list_sent_mail", {})),
    ("create_ticket", ("list_tickets_by_customer", CUSTOMER)),
    ("close_ticket", ("list_open_tickets", {})),
    ("escalate_ticket", ("list_unassigned_tickets", {})),
    ("assign_ticket", ("get_ticket", {"ticket_id": "T-305"})),
    ("create_campaign", ("get_campaign_budget", {"campaign": "Spring Tour"})),
    ("pause_campaign", ("list_active_campaigns", {})),
    ("create_coupon", ("list_coupons", {})),
    ("schedule_newsletter", ("list_events_on_date", DAY)),
    ("create_event", ("list_events_on_date", DAY)),
    ("reschedule_event", ("get_event_details", {"title": "Team Dinner"})),
    ("cancel_event", ("get_next_event", {"employee": "Oscar Lund"})),
    ("invite_to_event", ("get_event_details", {"title": "Supplier Call"})),
    ("read_mail", ("list_unread_mail", {})),
    ("send_email", ("list_sent_mail", {})),
    ("reply_to_mail", ("list_unread_mail", {})),
    ("forward_mail", ("list_sent_mail", {})),
    ("delete_mail", ("search_mail", {"text": "rent"})),
    ("create_file", ("search_files", {"text": "tents"})),
    ("append_to_file", ("count_words_in_file", {"path": "meeting_notes.md"})),
    ("delete_file", ("list_files", {})),
    ("add_employee_skill", ("find_employees_by_skill", {"tag": "video"})),
    ("request_vacation", ("get_vacation_balance", EMPLOYEE)),
    ("request_vacation", ("list_absent_employees", DAY)),
    ("request_vacation", ("find_free_slot", EMPLOYEE | DAY)),
    ("create_task", ("list_tasks_for_employee", EMPLOYEE)),
    ("complete_task", ("list_project_tasks", {"project": "Mobile Checkout"})),
    ("reassign_task", ("list_tasks_for_employee", {"employee": "Felix Brandt"})),
    ("record_project_cost", ("get_project_budget", {"project": "Hamburg Store"})),
    ("set_project_deadline", ("get_project_status", {"project": "Winter Catalog"})),
    ("book_flight", ("list_trips", EMPLOYEE)),
    ("book_hotel", ("list_trips", EMPLOYEE)),
    ("cancel_trip", ("list_trips", {"employee": "Felix Brandt"})),
    ("submit_expense", ("get_expense_total", EMPLOYEE)),
]

# Known names, but what is asked cannot be done; the answer holds what would be possible.
REFUSALS = [
    ("place_order", {"customer": "Jonas Weber", "sku": "TN-304"}, "Only 0"),
    ("place_order", {"customer": "Jonas Weber", "sku": "HL-110", "quantity": -1}, "above 0"),
    ("cancel_order", {"order_id": "A-1004"}, "in transit"),
    ("write_off_stock", {"sku": "BG-405", "quantity": 6}, "Only 5"),
    ("redirect_shipment", {"order_id": "A-1001", "city": "Oslo"}, "delivered"),
    ("create_return_label", {"order_id": "A-1004"}, "only delivered"),
    ("schedule_parcel_pickup", {"order_id": "A-1004"} | DAY, "packed"),
    ("mark_invoice_paid", {"invoice_id": "INV-2031"}, "already paid"),
    ("create_invoice", {"order_id": "A-1007"}, "INV-2037"),
    ("refund_order", {"order_id": "A-1003", "amount": 1000.0}, "At most 238.00"),
    ("discount_invoice", {"invoice_id": "INV-2034", "percent": 101.0}, "at most 100"),
    ("close_ticket", {"ticket_id": "T-302"}, "already closed"),
    ("check_warranty", {"order_id": "A-1004"}, "in transit"),
    ("check_return_window", {"order_id": "A-1010"}, "cancelled"),
    ("change_order_quantity", {"order_id": "A-1009", "sku": "TN-304", "quantity": 2}, "Only 0"),
    ("pause_campaign", {"campaign": "Autumn Sale"}, "ended"),
    ("create_coupon", {"campaign": "Gift Guide", "percent": 80.0}, "at most 50"),
    ("create_campaign", {"campaign": "autumn sale", "amount": 5.0}, "already exists"),
    ("schedule_newsletter", {"title": "Old", "date": "2026-11-01"}, "2026-11-16"),
    ("create_event", {"title": "Supplier Call"} | DAY, "already exists"),
    ("create_event", {"title": "Lunch", "date": "tomorrow"}, "2026-11-16"),
    ("create_event", {"title": "Lunch", "time": "25:00"} | DAY, "14:30"),
    ("create_file", {"path": "report.csv", "text": "x"}, "already exists"),
    ("create_file", {"path": "new.txt", "text": " "}, "1 to 2000"),
    ("create_task", {"project": "Winter Catalog", "title": "Load test"}, "already exists"),
    ("send_email", {"email": "nobody", "text": "Hello"}, "not an email address"),
    ("request_vacation", EMPLOYEE | DAY | {"quantity": 16}, "15 days"),
    ("book_flight", EMPLOYEE | {"city": "Lyon", "date": "2026-11-01"}, "2026-11-16"),
    ("get_monthly_revenue", {"month": "October"}, "2026-10"),
    ("get_weather_forecast", {"city": "Bergen", "date": "2026-12-24"}, "2026-11-18"),
    ("convert_distance", {"amount": float("inf"), "unit": "km"}, "between"),
    ("add_days_to_date", {"quantity": 10**9}, "years 1 to 9999"),
    ("estimate_delivery_date", {"city": "Porto", "date": "9999-12-31"}, "years 1 to 9999"),
    ("request_vacation", EMPLOYEE | {"date": "9999-12-31", "quantity": 2}, "years 1 to 9999"),
    ("add_days_to_date", {"quantity": 30, "date": "9999-12-31"}, "years 1 to 9999"),
    ("list_late_orders", {"limit": 0}, "above 0"),
]


def shop(company=None):
    return {tool.name: tool for tool in all_tools(company)}


def result(tool, arguments) -> ToolMessage:
    return tool.invoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})


def test_there_are_over_a_hundred_tools_with_unique_names_and_an_example_each():
    names = [tool.name for tool in all_tools()]
    assert len(names) >= 110
    assert len(set(names)) == len(names)
    assert set(EXAMPLES) == set(names)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_tool_tells_a_model_all_it_needs(name):
    tool = shop()[name]
    schema = tool.tool_call_schema.model_json_schema()
    assert 20 <= len(tool.description) <= 200
    assert "Args:" not in tool.description
    assert all(argument.get("description") for argument in tool.args.values())
    assert set(tool.args) <= VOCABULARY
    assert len(schema.get("required", [])) <= 3
    assert tool.handle_tool_error is True


def test_descriptions_are_distinct():
    descriptions = [tool.description for tool in all_tools()]
    assert len(set(descriptions)) == len(descriptions)


def test_each_department_says_how_people_ask_for_some_of_its_tools():
    use_cases = {t.name: t.metadata["use_cases"] for t in all_tools() if t.metadata}
    assert len(use_cases) >= 30
    assert all(case.strip() for cases in use_cases.values() for case in cases)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_tool_answers_the_same_on_every_fresh_company(name):
    answers = [result(shop()[name], EXAMPLES[name]) for _ in range(2)]
    assert answers[0].status == "success"
    assert answers[0].text
    assert answers[0].text == answers[1].text


@pytest.mark.parametrize(("name", "parameter"), REFERENCES)
def test_an_unknown_name_is_answered_with_those_that_exist(name, parameter):
    valid = EXAMPLES[name]
    unknown = "zzz@example.com" if parameter == "email" else "Zzz-0"
    answer = result(shop()[name], valid | {parameter: unknown})
    assert answer.status == "error"
    assert valid[parameter].casefold() in answer.text.casefold()


@pytest.mark.parametrize(("name", "parameter"), REFERENCES)
def test_names_are_found_in_any_case(name, parameter):
    shouted = EXAMPLES[name] | {parameter: f" {EXAMPLES[name][parameter].upper()} "}
    assert result(shop()[name], shouted).status == "success"


@pytest.mark.parametrize(("name", "arguments", "reason"), REFUSALS)
def test_what_cannot_be_done_is_refused_with_the_reason(name, arguments, reason):
    answer = result(shop()[name], arguments)
    assert answer.status == "error"
    assert reason in answer.text


@pytest.mark.parametrize(("write", "read"), EFFECTS)
def test_a_change_is_seen_by_other_tools_of_the_same_company_only(write, read):
    ours, theirs = shop(), shop()
    name, arguments = read
    before = ours[name].invoke(arguments)
    assert result(ours[write], EXAMPLES[write]).status == "success"
    assert ours[name].invoke(arguments) != before
    assert theirs[name].invoke(arguments) == before


def test_tools_of_two_calls_share_a_company_if_given_one():
    company = Company()
    shop(company)["add_loyalty_points"].invoke(EXAMPLES["add_loyalty_points"])
    assert "1340" in shop(company)["get_loyalty_points"].invoke(CUSTOMER)


def test_an_order_is_refunded_only_once():
    refund = shop()["refund_order"]
    assert result(refund, {"order_id": "A-1003"}).status == "success"
    assert result(refund, {"order_id": "A-1003"}).status == "error"


@pytest.mark.parametrize("order", Company().orders.values(), ids=lambda order: order.order_id)
def test_status_and_tracking_agree_on_an_order(order):
    tools, arguments = shop(), {"order_id": order.order_id}
    status = tools["get_order_status"].invoke(arguments)
    tracking = tools["track_shipment"].invoke(arguments)
    assert order.status in status
    assert (f"the order is {order.status}" in tracking) is (
        order.status not in {"in transit", "delivered"}
    )


def test_somebody_on_vacation_or_with_a_full_day_has_no_free_slot():
    tools = shop()
    slot = tools["find_free_slot"]
    assert "vacation" in slot.invoke({"employee": "Liam Byrne"} | DAY)
    assert "from 09:00" in slot.invoke(EMPLOYEE | DAY)
    for hour in range(9, 17):
        event = {"title": f"Interview {hour}", "time": f"{hour}:00"} | DAY
        tools["create_event"].invoke(event)
        tools["invite_to_event"].invoke({"title": f"interview {hour}"} | EMPLOYEE)
    assert "busy" in slot.invoke(EMPLOYEE | DAY)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_next_event", {"employee": "Jakub Zielinski"}),
        ("get_campaign_conversion_rate", {"campaign": "Gift Guide"}),
        ("get_product_rating", {"sku": "BK-210"}),
        ("list_orders_by_customer", {"customer": "Hanna Virtanen"}),
        ("find_invoice_for_order", {"order_id": "A-1010"}),
    ],
)
def test_nothing_to_report_is_an_answer_and_no_error(name, arguments):
    answer = result(shop()[name], arguments)
    assert answer.status == "success"
    assert any(word in answer.text for word in ("no ", "not ", "none"))


def test_invoices_bill_what_was_ordered():
    company = Company()
    for invoice in company.invoices.values():
        assert invoice.amount == company.order_total(company.orders[invoice.order_id])


def test_the_records_refer_to_each_other():
    company = Company()
    people = set(company.employees)
    assert {order.customer for order in company.orders.values()} <= set(company.customers)
    assert {ticket.customer for ticket in company.tickets.values()} <= set(company.customers)
    assert {person.manager for person in company.employees.values()} <= people | {""}
    assert {task.assignee for task in company.tasks.values()} <= people
    assert {task.project for task in company.tasks.values()} <= set(company.projects)
    assert {name for event in company.events.values() for name in event.attendees} <= people


def _hostile(schema):
    kinds = {option.get("type") for option in (schema, *schema.get("anyOf", ()))}
    if "integer" in kinds:
        return st.integers()
    return st.floats() if "number" in kinds else st.text(max_size=80)


@given(data=st.data())
def test_no_argument_of_the_right_type_breaks_a_tool(data):
    tool = data.draw(st.sampled_from(all_tools()))
    valid = EXAMPLES[tool.name]
    for parameter, schema in tool.args.items():
        if data.draw(st.booleans()):
            valid = valid | {parameter: data.draw(_hostile(schema))}
    assert result(tool, valid).status in {"success", "error"}


@pytest.mark.parametrize("async_", [False, True])
async def test_an_agent_finds_out_about_an_order(async_):
    model = FakeChatModel(replies=[call("get_order_status", order_id="A-1004"), "Wednesday."])
    agent = create_agent(model, all_tools())
    question = {"messages": [("user", "When does A-1004 arrive?")]}
    state = await agent.ainvoke(question) if async_ else agent.invoke(question)
    assert state["messages"][-2].text == (
        "Order A-1004 is in transit with Nordpost and arrives on 2026-11-18."
    )
