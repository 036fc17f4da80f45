"""Reading, including, merging: what a policy is in the end, whatever its files were."""

from pathlib import Path

import pytest

from maskr.errors import Place, PolicyError, Severity
from maskr.policy import Policy, load, load_text
from maskr.policy.model import Allowance, Reference, Rule, TableRules

GOOD = Path(__file__).parents[2] / "fixtures" / "policies" / "good"


def _table(policy: Policy, pattern: str) -> TableRules:
    return next(table for table in policy.tables if table.pattern == pattern)


def _rules(policy: Policy, pattern: str) -> dict[str, Rule]:
    return {entry.pattern: entry.rule for entry in _table(policy, pattern).columns}


def _codes(error: pytest.ExceptionInfo[PolicyError]) -> list[str]:
    return [finding.code for finding in error.value.findings]


def test_the_whole_grammar_is_read() -> None:
    policy = load(GOOD / "whole-grammar.yaml")
    assert policy.locale == ("en_US", "de_DE")
    assert policy.unlisted == "refuse"
    assert policy.target_allow == ("*staging*", "*_stg")
    assert policy.key_command == ("cat", "/run/secrets/maskr")
    assert [name for name, _ in policy.quasi] == ["birth_date", "postcode"]
    file = str(GOOD / "whole-grammar.yaml")
    assert policy.references == (
        Reference(
            ("public", "tickets", "customer_email"),
            ("public", "customers", "email"),
            Place(file, 12, 5),
        ),
        Reference(("crm", "leads", "E-Mail"), ("public", "customers", "email"), Place(file, 13, 5)),
    )
    assert [entry.pattern for entry in policy.columns] == ["*.email", "*.phone"]
    assert [table.pattern for table in policy.tables] == [
        "public.customers",
        "public.audit_log",
        "public.events",
        "public.logins",
        "public.countries",
        "archive.*",
    ]


def test_a_rule_keeps_its_keys_its_parameters_and_their_places() -> None:
    policy = load(GOOD / "whole-grammar.yaml")
    rules = _rules(policy, "public.customers")
    assert rules["ssn"].namespace == "hr"
    assert rules["ssn"].normalise == ("trim", "digits")
    assert rules["ssn"].on_invalid == "null"
    assert rules["ssn"].params == {}
    assert rules["notes"].when == "notes IS NOT NULL"
    assert rules["notes"].normalise == ("lower",)
    assert rules["birth_date"].by == "id"
    assert rules["birth_date"].params == {"days": 365}
    assert rules["fax"].mask == "null"
    assert rules["country"].reason == "two letters, needed for tax tests"
    file = str(GOOD / "whole-grammar.yaml")
    assert rules["birth_date"].places["days"] == Place(file, 24, 52)
    assert rules["profile"].places["paths.$.**.phone"] == Place(file, 27, 84)


def test_a_table_says_which_rows_and_where_that_stands() -> None:
    policy = load(GOOD / "whole-grammar.yaml")
    events = _table(policy, "public.events")
    assert events.where == "created_at > now() - interval '90 days'"
    assert events.rows == "5%"
    assert set(events.places) == {"where", "rows", "columns"}
    assert _table(policy, "public.logins").rows == 1000
    assert _table(policy, "archive.*").rows == "none"
    assert _table(policy, "public.audit_log").reason == "read by nobody in staging"
    assert _rules(policy, "public.countries")["*"].mask == "keep"


def test_words_that_yaml_1_1_changes_stay_what_they_are() -> None:
    policy = load(GOOD / "traps.yaml")
    rules = _rules(policy, "public.on")
    assert policy.locale == ("no",)
    assert rules["yes"].mask == "keep"
    values = {name: rule.params.get("value") for name, rule in rules.items()}
    assert values == {
        "yes": None,
        "no": "no",
        "010": "010",
        "null": None,
        "true": True,
        "12:30:00": "12:30:00",
        "2024-01-01": "2024-01-01",
        "hex": "0x1F",
        "thousand": "1_000",
        "infinity": ".inf",
        "half": 0.5,
        "negative": -10,
        "dash": None,
    }
    assert rules["dash"].mask == "-"


def test_aliases_stand_for_what_they_name() -> None:
    policy = load(GOOD / "aliases.yaml")
    for table in ("public.customers", "public.employees", "public.suppliers"):
        assert {key: rule.mask for key, rule in _rules(policy, table).items()} == {
            "first_name": "first_name",
            "email": "email",
        }
    assert _rules(policy, "public.leads")["email"].mask == "email"


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    policy = load(GOOD / "bom-and-crlf.yaml")
    table = _table(policy, "public.customers")
    assert table.where == "a AND b"
    assert table.places["where"] == Place(str(GOOD / "bom-and-crlf.yaml"), 5, 12)


def test_a_comment_accepts_on_its_line_or_on_the_next() -> None:
    file = str(GOOD / "accepted.yaml")
    assert load(file).allowances == (
        Allowance("kept-looks-personal", "two letters", Place(file, 7, 22)),
        Allowance("kept-looks-personal", "needed for tax tests", Place(file, 10, 7)),
    )


def test_files_are_listed_main_first_with_their_text() -> None:
    policy = load(GOOD / "whole-grammar.yaml")
    assert [Path(file).name for file in policy.files] == ["whole-grammar.yaml", "people.yaml"]
    for file, text in policy.files.items():
        assert text == Path(file).read_text()


def _load(**files: str) -> Policy:
    """Loads ``main`` of files that exist in memory only, as from a revision of a repository."""
    raw = {name: text.encode() for name, text in files.items()}

    def read(path: str) -> bytes:
        if path not in raw:
            raise FileNotFoundError(2, "No such file or directory", path)
        return raw[path]

    return load("main", read)


def test_an_including_file_wins_and_says_so() -> None:
    policy = _load(
        main="version: 1\ninclude: base\nlocale: fr_FR\ntables: {t: {columns: {a: hash}}}\n",
        base="version: 1\nlocale: de_DE\nquasi: [x]\ntables: {t: {columns: {a: keep, b: keep}}}\n",
    )
    assert policy.locale == ("fr_FR",)
    assert [name for name, _ in policy.quasi] == ["x"]
    assert {key: rule.mask for key, rule in _rules(policy, "public.t").items()} == {
        "b": "keep",
        "a": "hash",
    }
    assert {(each.code, each.severity) for each in policy.findings} == {
        ("shadowed-rule", Severity.WARNING)
    }
    locale, column = policy.findings
    assert (locale.place, column.place) == (Place("main", 3, 1), Place("main", 4, 24))
    assert "base:2:1" in locale.what
    assert "base:4:24" in column.what


def test_two_files_that_agree_are_no_finding() -> None:
    same = "locale: de_DE\nkey: {command: [x]}\n"
    same += "rules: {e: {mask: email, domain: x}}\ntables: {t: {where: a, columns: {a: e}}}\n"
    policy = _load(main="version: 1\ninclude: base\n" + same, base="version: 1\n" + same)
    assert policy.findings == ()


def test_a_named_rule_changed_later_is_changed_for_its_earlier_users_too() -> None:
    policy = _load(
        main="version: 1\ninclude: base\nrules: {e: {mask: email, domain: late.test}}\n",
        base="version: 1\nrules: {e: email}\ncolumns: {'*.email': e}\n",
    )
    assert policy.columns[0].rule.params == {"domain": "late.test"}


def test_of_several_includes_the_later_wins() -> None:
    policy = _load(
        main="version: 1\ninclude: [a, b]\n",
        a="version: 1\nrules: {e: email}\n",
        b="version: 1\nrules: {e: hash}\n",
    )
    assert policy.rules["e"].rule.mask == "hash"
    assert [finding.place for finding in policy.findings] == [Place("b", 2, 9)]


def test_a_file_included_twice_is_read_once() -> None:
    policy = _load(
        main="version: 1\ninclude: [a, b]\n",
        a="version: 1\ninclude: base\n",
        b="version: 1\ninclude: ./base\n",
        base="version: 1\nquasi: [x]\n",
    )
    assert list(policy.files) == ["main", "a", "base", "b"]
    assert policy.findings == ()


def test_mistakes_in_all_files_are_reported_together() -> None:
    with pytest.raises(PolicyError) as error:
        _load(
            main="version: 1\ninclude: [gone, base]\nfoo: 1\n",
            base="version: 1\nbar: 1\n",
        )
    assert [(finding.code, str(finding.place)) for finding in error.value.findings] == [
        ("missing-include", "main:2:11"),
        ("unknown-key", "main:3:1"),
        ("unknown-key", "base:2:1"),
    ]


def test_a_chain_of_includes_without_end_is_a_finding() -> None:
    files = {"main": "version: 1\ninclude: f0\n"}
    files |= {f"f{at}": f"version: 1\ninclude: f{at + 1}\n" for at in range(2000)}
    with pytest.raises(PolicyError) as error:
        _load(**files)
    assert _codes(error) == ["too-deep"]


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as error:
        load(tmp_path / "none.yaml")
    assert _codes(error) == ["missing-file"]


def test_a_directory_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as error:
        load(tmp_path)
    assert _codes(error) == ["missing-file"]
    assert "is a directory" in error.value.findings[0].what


def test_an_impossible_path_is_a_finding() -> None:
    with pytest.raises(PolicyError) as error:
        load("a\0b")
    assert _codes(error) == ["missing-file"]


def test_a_file_without_end_is_a_finding() -> None:
    with pytest.raises(PolicyError) as error:
        load("/dev/zero")
    assert _codes(error) == ["too-large"]


def test_brackets_deeper_than_the_stack_are_a_finding() -> None:
    for opening in ("[", "{a: ", "- ", "? "):
        with pytest.raises(PolicyError) as error:
            load_text("version: 1\nrules:\n  " + opening * 100_000)
        assert _codes(error)[0] in ("too-deep", "yaml-syntax")


def test_a_long_chain_of_named_rules_is_no_trouble() -> None:
    chain = "".join(f"  r{at}: r{at + 1}\n" for at in range(5000))
    policy = load_text(f"version: 1\nrules:\n{chain}")
    assert policy.rules["r0"].rule.mask == "r5000"


def test_thousands_of_mistakes_are_cut_short() -> None:
    keys = "".join(f"key{at}: 1\n" for at in range(5000))
    with pytest.raises(PolicyError) as error:
        load_text(f"version: 1\n{keys}")
    assert len(error.value.findings) == 1001
    assert "4000 more" in error.value.findings[0].what
