"""XML is masked in place: what is not named keeps its very bytes."""

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.masking import Masking

_DOCUMENT = """<?xml version="1.0"?>
<!-- Ann --><order buyer='Ann &amp; Bo' n="1">
  <name>Ann</name><x:name>Ann</x:name><item><name><![CDATA[A < B]]></name><gone/></item>
</order>"""


def masked(paths: str, document: str, type: str = "xml") -> str | None:
    return Masking(f"v: {{mask: xml, paths: {paths}}}", type)([document])[0]


@pytest.mark.parametrize(
    ("paths", "old", "new"),
    [
        ('{"/order/name": redact}', "<name>Ann<", "<name>***<"),
        ('{"/order/item/name": redact}', "<![CDATA[A < B]]>", "*****"),
        ('{"/order/*/name": redact}', "<![CDATA[A < B]]>", "*****"),
        ('{"//x:name": redact}', "<x:name>Ann", "<x:name>***"),
        ('{"/order/@buyer": redact}', "'Ann &amp; Bo'", "'********'"),
        ('{"//@n": {mask: constant, value: "<\'&"}}', 'n="1"', 'n="&lt;&apos;&amp;"'),
        ('{"/nowhere": redact}', "", ""),
    ],
)
def test_only_what_is_named_changes(paths: str, old: str, new: str) -> None:
    assert masked(paths, _DOCUMENT) == _DOCUMENT.replace(old, new)


def test_an_element_is_masked_with_all_below_it_and_the_first_path_counts() -> None:
    out = masked('{"//b": keep, "/a": redact}', '<a x="12">t<b>keep</b><c>u<d>v</d></c></a>')
    assert out == '<a x="**">*<b>keep</b><c>*<d>*</d></c></a>'


def test_a_text_gets_the_fake_that_a_column_gets() -> None:
    (column,) = Masking("v: phone")(["+49 171 1234567"])
    assert masked('{"//p": phone}', "<p>+49 171 1234567</p>") == f"<p>{column}</p>"


def test_content_without_a_root_is_masked_too() -> None:
    assert masked('{"/b": redact}', "text <b>Ann</b>") == "text <b>***</b>"


@pytest.mark.parametrize("value", ["Ann", "<a>Ann</b>", "<a>Ann", "a < Ann"])
def test_a_text_that_is_no_xml_is_masked_as_text(value: str) -> None:
    out = masked('{"/a": redact}', value, "text")
    assert out is not None
    assert "Ann" not in out
    assert len(out) == len(value)


_TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1)


@given(_TEXTS, _TEXTS)
@settings(deadline=None)
def test_what_python_writes_comes_out_well_formed_and_the_rest_unchanged(
    hidden: str, shown: str
) -> None:
    root = ElementTree.Element("r", {"shown": shown, "hidden": hidden})
    ElementTree.SubElement(root, "hidden").text = hidden
    ElementTree.SubElement(root, "shown").text = shown
    rule = """{"//hidden": {mask: constant, value: '<]]>&"'}, "/r/@hidden": redact}"""
    out = ElementTree.fromstring(str(masked(rule, ElementTree.tostring(root, "unicode"))))
    assert out.findtext("shown") == shown
    assert out.get("shown") == shown
    assert out.get("hidden") == "*" * len(hidden)
    assert out.findtext("hidden") == ('<]]>&"' if hidden.strip() else hidden)
