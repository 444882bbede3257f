"""One text of composers becomes a list of names."""

from __future__ import annotations

import pytest
from shop.composers import split_composers


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("", [], id="none"),
        pytest.param("Chico Science", ["Chico Science"], id="one"),
        pytest.param("AC/DC", ["AC/DC"], id="one with a separator"),
        pytest.param("May, Brian", ["May, Brian"], id="one, last name first"),
        pytest.param("Cale/Clapton", ["Cale", "Clapton"], id="slash"),
        pytest.param("Lennon, John/Bono", ["Lennon, John", "Bono"], id="slash before comma"),
        pytest.param("U2; Edge, The", ["U2", "Edge, The"], id="semicolon before comma"),
        pytest.param("Page, Jones", ["Page", "Jones"], id="comma"),
        pytest.param("Flea, Bono, and Jay", ["Flea", "Bono", "Jay"], id="comma and and"),
        pytest.param("Bono, Andy & Jay", ["Bono", "Andy", "Jay"], id="ampersand"),
        pytest.param("Djavan - Rita Lee", ["Djavan", "Rita Lee"], id="dash between spaces"),
        pytest.param("Dado Villa-Lobos", ["Dado Villa-Lobos"], id="dash in a name"),
        pytest.param("Bono/U2/Bono", ["Bono", "U2"], id="each once"),
    ],
)
def test_splits_the_text_into_names(text: str, names: list[str]) -> None:
    assert split_composers(text) == names
