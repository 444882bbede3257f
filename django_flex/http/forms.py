"""Reads ``multipart/form-data``, by Django's own parser and upload handlers, for any method."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.files.uploadhandler import FileUploadHandler
from django.http import RawPostDataException, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from django_flex.dialects.base import Form
from django_flex.exceptions import ContentTooLargeError, QueryError, RequestError
from django_flex.exceptions.places import worded
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.http import HttpRequest, QueryDict
    from django.utils.datastructures import MultiValueDict

    from django_flex.query.limits import Limits

MEDIA_TYPE = "multipart/form-data"


class _SizeLimit(FileUploadHandler):
    """Ends an upload when a file is larger than any may be, before all of it has arrived."""

    def __init__(self, request: HttpRequest, most: int) -> None:
        super().__init__(request)
        self.most = most

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start + len(raw_data) > self.most:
            raise ContentTooLargeError(
                "A file is too large", hint=worded("at most {} bytes", self.most)
            )
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None  # another handler makes the file


def is_form(request: HttpRequest) -> bool:
    """Whether the body of a request is a form with parts."""
    return (request.content_type or "").lower() == MEDIA_TYPE


def read_form(request: HttpRequest, limits: Limits) -> Form:
    """Return the parts of a form; large files are on disk, as the upload handlers decide.

    Raises:
        RequestError: the form is malformed, or has more parts than Django's settings allow.
        ContentTooLargeError: a file is too large, or all texts together are.
    """
    try:
        post, files = _parsed(request, limits)
    except RequestDataTooBig as error:
        raise _too_large(limits) from error
    except (TooManyFieldsSent, TooManyFilesSent) as error:
        raise RequestError("The form has too many parts") from error
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise RequestError("The form is malformed", path="body") from error
    except (UnreadablePostError, RawPostDataException) as error:
        raise RequestError("The body could not be read") from error
    if not (post or files):
        # Django reads no form without a length, as when it is sent in chunks.
        hint = None if request.META.get("CONTENT_LENGTH") else worded("send a Content-Length")
        raise RequestError("The form has no parts", path="body", hint=hint)
    texts = [(name, [str(value) for value in values]) for name, values in post.lists()]
    if sum(len(name) + sum(map(len, values)) for name, values in texts) > limits.max_body_bytes:
        raise _too_large(limits)
    return Form(texts, {name: _only(name, found) for name, found in files.lists()})


def _parsed(
    request: Any, limits: Limits
) -> tuple[QueryDict, MultiValueDict[str, UploadedFile[bytes]]]:
    """Parse a form once; Django itself does it for POST only, and keeps it."""
    if not hasattr(request, "_files"):
        request.upload_handlers.insert(0, _SizeLimit(request, limits.max_file_bytes))
        if request.method != "POST":
            body = BytesIO(request.body) if hasattr(request, "_body") else request
            # Kept where Django keeps those of a POST: it closes the files with the request.
            request._post, request._files = request.parse_file_upload(request.META, body)  # noqa: SLF001 - as Django does
    return request.POST, request.FILES


def _only(name: str, found: list[UploadedFile[bytes]]) -> UploadedFile[bytes]:
    if len(found) != 1:
        raise QueryError("Each file needs a part with a name of its own", path=excerpt(name))
    return found[0]


def _too_large(limits: Limits) -> ContentTooLargeError:
    return ContentTooLargeError(
        "The texts of the form are too large",
        hint=worded("at most {} bytes", limits.max_body_bytes),
    )
