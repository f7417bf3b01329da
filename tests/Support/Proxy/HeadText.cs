using System.Text;
using Turnpike.Http;
using Turnpike.Pipeline;

namespace Turnpike.Tests.Support.Proxy;

/// <summary>Shows heads, which are bytes, to tests as text.</summary>
internal static class HeadText
{
    /// <summary>A character for each byte.</summary>
    public static string Text(this ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>The value of the first line of the name, or null.</summary>
    public static string? First(this HeaderList headers, string name) =>
        headers.TryGetFirst(HeaderName.Of(name), out var value) ? value.Text() : null;

    /// <summary>All values of the name as one, or null.</summary>
    public static string? Joined(this HeaderList headers, string name) =>
        headers.TryCombine(HeaderName.Of(name), out var value) ? value.Text() : null;
}
