from hypothesis import given
from hypothesis import strategies as st

from maskr.sql.lexer import statements, tokens


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.value) for token in tokens(text)]


def texts(script: str) -> list[str]:
    return [" ".join(token.text for token in statement) for statement in statements(script)]


def test_quotes_within_quotes_end_nothing() -> None:
    assert kinds("""'it''s' "a""b" E'\\'' $$;'$$ $x$ $$ $x$""") == [
        ("string", "it's"),
        ("quoted", 'a"b'),
        ("string", "'"),
        ("dollar", "$$;'$$"),
        ("dollar", "$x$ $$ $x$"),
    ]


def test_block_comments_nest() -> None:
    assert kinds("a /* b /* c */ d */ e") == [("word", "a"), ("comment", ""), ("word", "e")]


def test_operators_end_where_postgresql_ends_them() -> None:
    found = [token.text for token in tokens("a=-1 b<->c d@-1 e--f\n/*g*/ h*/*i*/2")]
    assert found[:4] == ["a", "=", "-", "1"]
    assert found[4:8] == ["b", "<->", "c", "d"]
    assert found[8:] == ["@-", "1", "e", "--f", "/*g*/", "h", "*", "/*i*/", "2"]


def test_only_ascii_is_folded() -> None:
    assert kinds("ÄPFEL_X") == [("word", "Äpfel_x")]


def test_statements_end_at_semicolons_outside_of_everything() -> None:
    script = "a ';' \";\" $$;$$ /*;*/ --;\n b; (c; d); ;; e"
    assert texts(script) == ["a ';' \";\" $$;$$ b", "( c ; d )", "e"]


def test_rows_of_copy_and_commands_of_psql_are_no_statements() -> None:
    script = "\\restrict x;y\na;\nCOPY t (x) FROM stdin;\n'\t;\nCREATE\n\\.\n\nb;\n\\unrestrict x"
    assert texts(script) == ["a", "COPY t ( x ) FROM stdin", "b"]


@given(st.text())
def test_any_text_is_cut_into_its_own_pieces(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert text[token.start : token.start + len(token.text)] == token.text
        assert text[end : token.start].strip(" \t\r\n\f\v") == ""
        end = token.start + len(token.text)
    assert text[end:].strip(" \t\r\n\f\v") == ""
