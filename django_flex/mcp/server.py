"""The tools as a server of the official SDK: what the protocol says, and nothing of what tools do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from asgiref.sync import sync_to_async
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

import django_flex
from django_flex.exceptions import FlexError
from django_flex.mcp import tools
from django_flex.mcp.outputs import UNTRUSTED, ToolResult, as_text

if TYPE_CHECKING:
    from mcp.server import ServerRequestContext

    from django_flex.mcp.callers import Caller

#: Returns for whom a tool is to run, as things are then; raises a ``FlexError`` if that may not be.
FindCaller: TypeAlias = Callable[[], "Caller"]


def make_server(find_caller: FindCaller) -> Server[Any]:
    """Return a server with the tools of one caller.

    Everything that meets the database runs in the thread that Django has for it.

    Args:
        find_caller: is asked at each request, since permissions may change while a server runs.
    """

    async def on_list_tools(
        _context: ServerRequestContext[Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return await sync_to_async(_list_tools, thread_sensitive=True)(find_caller)

    async def on_call_tool(
        _context: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        return await sync_to_async(_call_tool, thread_sensitive=True)(find_caller, params)

    return Server(
        "django_flex",
        version=django_flex.__version__,
        instructions=tools.INSTRUCTIONS,
        on_list_tools=on_list_tools,
        on_call_tool=on_call_tool,
        # No argument travels in a header, so that no list of tools is needed to check one.
        get_tool_input_schema=lambda _name: None,
    )


def _list_tools(find_caller: FindCaller) -> ListToolsResult:
    try:
        found = tools.list_tools(find_caller())
    except FlexError as error:
        raise MCPError(INTERNAL_ERROR, str(error), error.to_dict()) from error
    return ListToolsResult(tools=[_tool(one) for one in found])


def _tool(one: tools.Tool) -> Tool:
    return Tool(
        name=one.name,
        title=one.title,
        description=one.description,
        input_schema=one.input_schema,
        annotations=ToolAnnotations(
            title=one.title,
            read_only_hint=one.reads_only,
            destructive_hint=not one.reads_only,
            # The second of two calls with one confirmation changes nothing.
            idempotent_hint=one.reads_only,
            open_world_hint=False,
        ),
    )


def _call_tool(find_caller: FindCaller, params: CallToolRequestParams) -> CallToolResult:
    try:
        result = tools.run_tool(params.name, params.arguments or {}, find_caller())
    except LookupError as error:
        raise MCPError(INVALID_PARAMS, f"Unknown tool: {params.name[:100]}") from error
    except FlexError as error:  # the caller may not use tools at all, or not any more
        result = ToolResult(as_text(error.to_dict()), is_error=True)
    texts = [result.text] if result.is_error else [UNTRUSTED, result.text]
    return CallToolResult(
        content=[TextContent(type="text", text=text) for text in texts], is_error=result.is_error
    )
