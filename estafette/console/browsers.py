"""What a browser calls itself, in a few words."""

from estafette.console.words import Words

#: What stands in the name, and what it is; the first that stands there counts, since each browser
#: also calls itself by the names of those before it.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Vivaldi": "Vivaldi",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
    "curl": "curl",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def browser_of(agent: str, words: Words) -> str:
    """A browser and the system that it runs on; what it says where that is not known."""
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    if browser and system:
        return words.say("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or agent[:60] or words.say("unknown browser")
