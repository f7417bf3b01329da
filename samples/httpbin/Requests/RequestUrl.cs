using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Turnpike.Samples.Httpbin.Requests;

/// <summary>The URL of a request in readable form: percent escapes are decoded where that does not change the meaning.</summary>
internal static class RequestUrl
{
    private const string ReservedInPath = "%/;?#";
    private const string ReservedInQuery = "%;/?:@&=+,$#";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal static string Of(HttpRequest request)
    {
        var target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!target.StartsWith('/'))
            target = request.Path.ToUriComponent() + request.QueryString;

        var query = target.IndexOf('?', StringComparison.Ordinal);
        var readable = query < 0
            ? Readable(target, ReservedInPath)
            : Readable(target[..query], ReservedInPath) + "?" + Readable(target[(query + 1)..], ReservedInQuery);
        return $"{Scheme(request)}://{request.Host}{readable}";
    }

    private static string Scheme(HttpRequest request)
    {
        foreach (var name in (string[])["X-Forwarded-Proto", "X-Forwarded-Protocol"])
        {
            if (request.Headers[name].ToString() is { Length: > 0 } forwarded)
                return forwarded;
        }

        return request.Headers["X-Forwarded-Ssl"] == "on" ? "https" : request.Scheme;
    }

    /// <summary>Decodes whole runs of escapes, so that a character of several bytes is decoded or kept as a whole.</summary>
    private static string Readable(string text, string reserved)
    {
        var result = new StringBuilder(text.Length);
        var run = new List<byte>();
        for (var i = 0; i < text.Length;)
        {
            if (TryEscape(text, i, out var value) && value >= 0x20 && !reserved.Contains((char)value, StringComparison.Ordinal))
            {
                run.Add(value);
                i += 3;
                continue;
            }

            Flush(run, result);
            result.Append(text[i++]);
        }

        Flush(run, result);
        return result.ToString();
    }

    private static void Flush(List<byte> run, StringBuilder result)
    {
        if (run.Count == 0)
            return;

        try
        {
            result.Append(StrictUtf8.GetString([.. run]));
        }
        catch (DecoderFallbackException)
        {
            foreach (var value in run)
                result.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
        }

        run.Clear();
    }

    private static bool TryEscape(string text, int index, out byte value)
    {
        value = 0;
        return text[index] == '%' && index + 2 < text.Length
            && byte.TryParse(text.AsSpan(index + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
