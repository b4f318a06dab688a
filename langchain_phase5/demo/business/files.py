"""Files: documents on the shared drive, which exists in memory only."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from langchain_phase5.demo.business.answers import count, listing
from langchain_phase5.demo.business.checks import as_email, known, one_of, unused, wording
from langchain_phase5.demo.business.company import Company
from langchain_phase5.demo.business.office_records import File
from langchain_phase5.demo.business.records import TODAY


def list_files(company: Company, limit: int = 20) -> str:
    """List the documents on the shared drive, latest change first.

    Args:
        limit: How many to list at most.
    """
    files = sorted(company.files.values(), key=lambda file: file.modified, reverse=True)
    return listing("Files", [file.path for file in files], limit)


def read_file(company: Company, path: str) -> str:
    """Show the content of a document.

    Args:
        path: File name, such as report.csv.
    """
    file = known(company.files, path, "file")
    return f"{file.path} says: {file.text}"


def get_file_info(company: Company, path: str) -> str:
    """Tell who owns a document, when it was last changed and how long it is.

    Args:
        path: File name, such as report.csv.
    """
    file = known(company.files, path, "file")
    size = count(len(file.text), "character")
    return f"{file.path} belongs to {file.owner}, was changed on {file.modified}, has {size}."


def search_files(company: Company, text: str) -> str:
    """Search the names and contents of all documents for a word.

    Args:
        text: Word to search for.
    """
    word = wording(text, "text").casefold()
    files = company.files.values()
    rows = [file.path for file in files if word in f"{file.path} {file.text}".casefold()]
    return listing(f"Files containing '{word}'", rows)


def list_files_with_tag(company: Company, tag: str) -> str:
    """List the documents filed under a label such as finance or legal.

    Args:
        tag: Label of the documents.
    """
    files = company.files.values()
    label = one_of((tag for file in files for tag in file.tags), tag, "file tag")
    return listing(f"Files tagged {label}", [file.path for file in files if label in file.tags])


def create_file(company: Company, path: str, text: str) -> str:
    """Save a new document on the shared drive.

    Args:
        path: Name of the new file, such as ideas.md.
        text: Content of the file.
    """
    name = unused(company.files, path, "file")
    company.files[name] = File(name, "Nora Haugen", TODAY, wording(text, "text"))
    return f"{name} is saved."


def append_to_file(company: Company, path: str, text: str) -> str:
    """Add a line at the end of an existing document.

    Args:
        path: File name, such as meeting_notes.md.
        text: Line to add.
    """
    file = known(company.files, path, "file")
    content = wording(f"{file.text}\n{wording(text, 'text')}", "the whole file")
    company.files[file.path] = replace(file, text=content, modified=TODAY)
    return f"{file.path} now has {count(len(content.splitlines()), 'line')}."


def delete_file(company: Company, path: str) -> str:
    """Remove a document from the shared drive.

    Args:
        path: File name, such as catalog.txt.
    """
    file = known(company.files, path, "file")
    del company.files[file.path]
    return f"{file.path} is deleted."


def share_file(company: Company, path: str, email: str) -> str:
    """Give someone outside the company access to a document.

    Args:
        path: File name, such as catalog.txt.
        email: Email address of the reader.
    """
    file = known(company.files, path, "file")
    readers = tuple(dict.fromkeys((*file.shared_with, as_email(email))))
    company.files[file.path] = replace(file, shared_with=readers)
    return f"{file.path} is shared with {', '.join(readers)}."


def count_words_in_file(company: Company, path: str) -> str:
    """Count how many words a document has.

    Args:
        path: File name, such as returns_policy.md.
    """
    file = known(company.files, path, "file")
    return f"{file.path} has {count(len(file.text.split()), 'word')}."


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    list_files,
    read_file,
    get_file_info,
    search_files,
    list_files_with_tag,
    create_file,
    append_to_file,
    delete_file,
    share_file,
    count_words_in_file,
)

USE_CASES: Final = {
    read_file: ["What does meeting_notes.md say?"],
    search_files: ["Which document mentions the print run?"],
}
