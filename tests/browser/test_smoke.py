"""The shortest journey: the portal opens, in the visitor's language and with its own looks."""

from playwright.sync_api import Page


def test_the_portal_opens_in_turkish_without_a_console_error(page: Page):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("requestfailed", lambda request: complaints.append(request.url))

    response = page.goto("/")

    assert response is not None
    assert response.status == 200
    assert page.locator("html").get_attribute("lang") == "tr"
    assert page.locator("h1").count() == 1
    assert complaints == []
