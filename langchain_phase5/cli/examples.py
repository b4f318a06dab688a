"""The examples that `--help` shows. Together they are a short tutorial; a test parses each."""

from rich.markup import escape

TUTORIAL = """\
[bold]See what you have, then see it work, offline and without a key[/]
  langchain-phase5 doctor
  langchain-phase5 demo

[bold]Find images by what they show[/]
  langchain-phase5 index photos
  langchain-phase5 search photos "a red car" --open-html

[bold]Grade an agent, change it, and stop the change if it made things worse[/]
  langchain-phase5 eval run my_agent:agent questions.jsonl --version 1.0
  langchain-phase5 eval run my_agent:agent questions.jsonl --version 1.1
  langchain-phase5 eval gate 1.0 1.1 --dataset questions

[bold]Let other programs use it over HTTP[/]
  langchain-phase5 keys create dashboard
  langchain-phase5 serve --require-key

[dim]Every command has examples of its own: langchain-phase5 eval gate --help
TAB completes commands, metrics, datasets and versions once you have run
langchain-phase5 --install-completion[/]"""

_EXAMPLES = {
    "demo": [
        ("the whole tour; pictures, database and report go to phase5-demo", ""),
        ("the same on a real model (needs OPENAI_API_KEY)", "--model openai:gpt-4o"),
        ("and leave /metrics up to look at", "--serve"),
    ],
    "doctor": [
        ("what is here, what is missing, and the line that fixes it", ""),
        ("also run every installed part once", "--deep"),
        ("can the production database be reached?", "--storage postgresql+psycopg://db/phase5"),
        ("for a script: exit code 3 means something is broken", "--json"),
    ],
    "index": [
        ("embed the images below photos; run it again after adding some", "photos"),
        ("with a CLIP model from a folder, without the network", "photos --model models/clip"),
    ],
    "search": [
        ("by text, five best", 'photos "a red car"'),
        ("by example, twenty best, on a page", "photos --image car.jpg --k 20 --open-html"),
        ("both at once", 'photos "at night" --image car.jpg'),
    ],
    "eval run": [
        ("a function, chain or agent from my_agent.py", "my_agent:agent questions.jsonl"),
        (
            "three tries of each",
            "my_agent:agent q.jsonl --metric bleu --repeats 3",
        ),
        ("with a page to look at", "my_agent:agent q.jsonl --html report.html"),
        (
            "a dataset in storage, and a name for what is graded",
            "my_agent:agent questions --version 1.1",
        ),
    ],
    "eval resume": [
        (
            "go on where it broke off; the start printed the name of the journal",
            ".langchain_phase5/q-17.jsonl my_agent:agent",
        ),
    ],
    "eval compare": [
        ("two versions over the same examples", "1.0 1.1 --dataset questions"),
        ("as a page", "1.0 1.1 --dataset questions --html diff.html"),
    ],
    "eval gate": [
        ("in CI: fails if 1.1 is worse than 1.0", "1.0 1.1 --dataset questions"),
        ("tolerate a drop of two points", "1.0 1.1 --dataset questions --threshold 0.02"),
        ("from two reports' files, with a summary", "old.json new.json --markdown summary.md"),
    ],
    "eval history": [
        ("every run of a dataset, and where it is going", "questions --html history.html"),
    ],
    "eval datasets list": [("what is in storage", "")],
    "eval datasets import": [("keep a file under a name", "questions.jsonl --name questions")],
    "eval datasets export": [("write one to a file", "questions questions.csv")],
    "serve": [
        ("offline, for this machine only; then open http://127.0.0.1:8000", ""),
        ("search an index, and let an agent be evaluated", "--index photos --agents a=my:agent"),
        ("for other machines: make a key first", "--host 0.0.0.0 --require-key"),
    ],
    "keys create": [("prints the key, this once", "dashboard")],
    "keys list": [("ids, dates and names", "")],
    "keys revoke": [("end one by its id", "0a1b2c3d4e5f")],
    "bench routing": [
        ("your own tools and questions; curves go to results", "my-data --output results"),
    ],
}


def examples(command: str) -> str:
    """Return the examples of a command, marked up for its help."""
    lines = ["[bold]Examples[/]"]
    for meaning, arguments in _EXAMPLES[command]:
        call = f"langchain-phase5 {command} {arguments}".rstrip()
        lines += [f" [dim]# {escape(meaning)}[/]", f"   {escape(call)}"]
    return "\n".join(lines)
