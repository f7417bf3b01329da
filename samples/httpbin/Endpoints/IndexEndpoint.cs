using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Turnpike.Samples.Httpbin.Endpoints;

internal static class IndexEndpoint
{
    private const string Page = """
        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><title>httpbin</title></head>
        <body>
        <h1>httpbin</h1>
        <p>Describes each request, or responds as you ask.</p>
        <ul>
        <li><a href="/headers">/headers</a>, <a href="/ip">/ip</a>, <a href="/user-agent">/user-agent</a>;
          <code>?show_env=1</code> shows X-Forwarded-* and the like</li>
        <li><a href="/get">/get</a>, /post, /put, /patch, /delete: the request, by the method of that name</li>
        <li><a href="/anything">/anything</a>[/…]: the request, by any method</li>
        <li><a href="/delay/1">/delay/{seconds}</a>: the request, late (10 s at most)</li>
        <li><a href="/status/418">/status/{code}</a>: that status; <code>/status/200:9,503:1</code> draws one by weight</li>
        <li><a href="/redirect/2">/redirect/{n}</a>: n redirects, then /get</li>
        <li><a href="/stream/3">/stream/{n}</a>: n lines of JSON, each sent at once (100 at most)</li>
        <li><a href="/bytes/16?seed=1">/bytes/{n}</a>: random bytes, <code>?seed=</code> repeats them (1 GiB at most)</li>
        <li><a href="/sse?count=3">/sse?count={n}&amp;interval={seconds}</a>: server-sent events</li>
        <li>/echo: the body back, piece by piece; /sink: its length and SHA-256 (any size)</li>
        <li>/websocket/echo: WebSocket messages back</li>
        </ul>
        </body>
        </html>

        """;

    internal static void MapIndex(this IEndpointRouteBuilder app) => app.MapMethods(
        "/", Methods.Get, context => context.Response.WriteTextAsync(StatusCodes.Status200OK, Page, "text/html"));
}
