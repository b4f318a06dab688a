"""Mail: the shared mailbox and what goes out of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from langchain_phase5.demo.business.answers import listing
from langchain_phase5.demo.business.checks import as_email, known, wording
from langchain_phase5.demo.business.company import Company
from langchain_phase5.demo.business.office_records import Mail
from langchain_phase5.demo.business.records import TODAY

_TEMPLATES: Final = {
    "apology": "We are sorry for the delay and credit you 100 loyalty points.",
    "thanks": "Thank you for your order. We hope you enjoy the ride.",
    "return": "Please pack the article and stick the return label on the parcel.",
    "wholesale": "From ten pieces on we offer 20 percent off.",
}


def list_unread_mail(company: Company, limit: int = 10) -> str:
    """List messages in the inbox that nobody has opened, newest first.

    Args:
        limit: How many to list at most.
    """
    unread = sorted(
        (mail for mail in company.inbox.values() if not mail.read),
        key=lambda mail: mail.date,
        reverse=True,
    )
    return listing("Unread mail", [f"'{m.title}' from {m.email}" for m in unread], limit)


def read_mail(company: Company, title: str) -> str:
    """Open a message in the inbox and show its text; it counts as read afterwards.

    Args:
        title: Subject of the message.
    """
    mail = known(company.inbox, title, "mail")
    company.inbox[mail.title] = replace(mail, read=True)
    return f"'{mail.title}' from {mail.email}: {mail.text}"


def search_mail(company: Company, text: str) -> str:
    """Search the subjects and texts of received messages for a word.

    Args:
        text: Word to search for.
    """
    word = wording(text, "text").casefold()
    mails = company.inbox.values()
    rows = [f"'{m.title}'" for m in mails if word in f"{m.title} {m.text}".casefold()]
    return listing(f"Mail containing '{word}'", rows)


def list_mail_from_sender(company: Company, email: str) -> str:
    """List the messages that one address has sent to us.

    Args:
        email: Email address of the sender.
    """
    sender = as_email(email)
    rows = [f"'{m.title}' of {m.date}" for m in company.inbox.values() if m.email == sender]
    return listing(f"Mail from {sender}", rows)


def send_email(
    company: Company, email: str, text: str, title: str = "Message from Ridgeline"
) -> str:
    """Write a message to an email address and send it at once.

    Args:
        email: Email address of the recipient.
        text: Body of the message.
        title: Subject line.
    """
    subject, body = wording(title, "title"), wording(text, "text")
    company.outbox.append(Mail(subject, as_email(email), TODAY, body, read=True))
    return f"'{subject}' is sent to {as_email(email)}."


def reply_to_mail(company: Company, title: str, text: str) -> str:
    """Answer a message in the inbox; the reply goes to its sender.

    Args:
        title: Subject of the message to answer.
        text: Body of the reply.
    """
    mail = known(company.inbox, title, "mail")
    body = wording(text, "text")
    company.outbox.append(Mail(f"Re: {mail.title}", mail.email, TODAY, body, read=True))
    company.inbox[mail.title] = replace(mail, read=True)
    return f"The reply to '{mail.title}' is sent to {mail.email}."


def forward_mail(company: Company, title: str, employee: str) -> str:
    """Pass a received message on to a colleague.

    Args:
        title: Subject of the message.
        employee: Full name of the colleague.
    """
    mail = known(company.inbox, title, "mail")
    colleague = known(company.employees, employee, "employee")
    company.outbox.append(replace(mail, title=f"Fwd: {mail.title}", email=colleague.email))
    return f"'{mail.title}' is forwarded to {colleague.name}."


def delete_mail(company: Company, title: str) -> str:
    """Delete a message from the inbox.

    Args:
        title: Subject of the message.
    """
    mail = known(company.inbox, title, "mail")
    del company.inbox[mail.title]
    return f"'{mail.title}' from {mail.email} is deleted."


def list_sent_mail(company: Company, limit: int = 10) -> str:
    """List the messages that went out during this conversation.

    Args:
        limit: How many to list at most.
    """
    rows = [f"'{mail.title}' to {mail.email}" for mail in company.outbox]
    return listing("Sent mail", rows, limit)


def get_reply_template(tag: str) -> str:
    """Fetch our standard wording for a kind of letter, such as an apology.

    Args:
        tag: Kind of letter: apology, thanks, return or wholesale.
    """
    return f"Template: {known(_TEMPLATES, tag, 'template')}"


TOOLS: Final[tuple[Callable[..., str], ...]] = (
    list_unread_mail,
    read_mail,
    search_mail,
    list_mail_from_sender,
    send_email,
    reply_to_mail,
    forward_mail,
    delete_mail,
    list_sent_mail,
    get_reply_template,
)

USE_CASES: Final = {
    send_email: ["Write to nora@ridgeline.example that the frames are late"],
    list_unread_mail: ["Is there anything new in the inbox?"],
}
