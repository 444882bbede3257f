"""``/assets/{key}``: the file of a row, for callers who may read the column that names it."""

from __future__ import annotations

import errno
import logging
import mimetypes
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, HttpResponse

from django_flex import engine
from django_flex.dialects.directus.clauses.files import file_column
from django_flex.exceptions import (
    NotFoundError,
    UnavailableError,
    UnknownKeyError,
)
from django_flex.exceptions.places import worded
from django_flex.http.directus.calls import get_call, visible_entry
from django_flex.http.directus.schema import check_reading
from django_flex.http.endpoint import respond
from django_flex.http.rendering import CACHE_CONTROL, VARY
from django_flex.http.request import parameters
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.http.endpoint import Door
    from django_flex.http.routing import Route
    from django_flex.schema.resources import Attribute

logger = logging.getLogger("django_flex")
#: What Directus calls the collection: the ``url_name`` of the entry.
FILES_NAME = "directus_files"
DOWNLOAD = "download"
#: What a browser may show by itself. Anything else, such as HTML or SVG, might run the uploader's
#: scripts with the session of the user who opens it.
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "text/plain")
SHOWN_KINDS = ("audio/", "video/")
#: What a file system says of a name, whatever is stored.
REFUSED = frozenset({errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP, errno.EISDIR, errno.ENOTDIR})
POLICY = "default-src 'none'; sandbox"


def answer_asset(
    parts: list[str], request: HttpRequest, _find: Callable[[], Route], door: Door
) -> HttpResponseBase:
    """Reply with a file; a name behind the key is for people, and is not looked at.

    Raises:
        NotFoundError: there is no such URL, or no file any more.
        ResourceNotFoundError: there is no collection of files that the caller may see.
        UnknownKeyError: a parameter that is not supported.
        UnavailableError: the storage is away.
    """
    if len(parts) not in {1, 2} or not parts[0]:
        raise NotFoundError("There is nothing at this URL")
    check_reading(request)
    download = _is_download(request)
    actor = door.authenticate(request, door.settings)
    entry = visible_entry(FILES_NAME, actor, door)
    column = file_column(entry.resource)
    payload = {"key": unquote(parts[0]), "query": {"fields": [f"{column.name}.name"]}}
    result = engine.execute(get_call(entry, payload, actor, door))
    if result.error is not None:
        return respond(request, result, door)
    stored = result.data["data"][column.name]
    if stored is None:
        raise NotFoundError("This row has no file")
    return _with_headers(_file(request, column, str(stored["name"]), download=download))


def _is_download(request: HttpRequest) -> bool:
    sent = parameters(request)
    for name, _ in sent:
        if name != DOWNLOAD:
            raise UnknownKeyError(
                worded("There is no parameter '{}'", excerpt(name)),
                path=excerpt(name),
                hint=worded("one of {}", DOWNLOAD),
            )
    # Its presence counts, as in Directus, unless it says no.
    return any(value[-1].lower() != "false" for _, value in sent)


def _file(
    request: HttpRequest, column: Attribute, name: str, *, download: bool
) -> FileResponse | HttpResponse:
    """Open a stored file.

    Raises:
        NotFoundError: the row has outlived its file, or names what is no file of the storage.
        UnavailableError: the storage cannot be reached.
    """
    storage: Any = column.storage
    try:
        opened = storage.open(name)
    except (FileNotFoundError, SuspiciousFileOperation):
        raise NotFoundError("This row has no file") from None
    except Exception as error:
        if isinstance(error, ValueError) or getattr(error, "errno", None) in REFUSED:
            logger.warning("The storage refuses the name of a file", exc_info=True)
            raise NotFoundError("This row has no file") from None
        logger.exception("The storage does not open a file")
        raise UnavailableError from error
    media_type, encoding = mimetypes.guess_type(name)
    shown = encoding is None and (media_type or "").startswith((*SHOWN_KINDS, *SHOWN))
    response = FileResponse(
        opened, as_attachment=download or not shown, filename=PurePosixPath(name).name
    )
    if request.method != "HEAD":
        return response
    opened.close()
    # A response without a stream, whose server has nothing to leave out.
    return HttpResponse(headers=dict(response.headers))


def _with_headers(response: Any) -> HttpResponseBase:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.headers["Vary"] = VARY
    answer: HttpResponseBase = response
    return answer
