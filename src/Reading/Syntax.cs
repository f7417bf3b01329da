using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Turnpike.Reading;

/// <summary>
/// Checks the syntax of names, hosts, headers and addresses (istio-2017.md §2.1). Each method returns null for a valid text, otherwise what
/// would
/// be right.
/// </summary>
internal static partial class Syntax
{
    private static readonly ImmutableArray<string> Methods =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"];

    /// <summary>Checks a DNS-1123 label.</summary>
    public static string? Label(string text) => IsLabel(text) ? null
        : "must be a DNS label: 1 to 63 lower-case letters, digits and '-', beginning and ending with a letter or digit";

    /// <summary>Checks a DNS-1123 subdomain, such as the name of an object.</summary>
    public static string? DnsSubdomain(string text) => text.Length is > 0 and <= 253 && text.Split('.').All(IsLabel) ? null
        : "must be a DNS subdomain: lower-case labels of letters, digits and '-', joined by '.', at most 253 characters";

    /// <summary>Checks the host of an Ingress rule: a DNS name in any case, whose first label may be <c>*</c>.</summary>
    public static string? IngressHost(string text)
    {
        var name = text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text;
        return text.Contains('/', StringComparison.Ordinal) ? "must be a host name, without scheme and path"
            : IsIpv4(text) || text.Count(c => c == ':') > 1 ? "must be a DNS name, not an IP address"
            : text.Contains(':', StringComparison.Ordinal) ? "must be a host name, without port"
            : DnsSubdomain(name.ToLowerInvariant()) is null ? null
            : "must be a DNS name such as shop.example.com, or *.example.com for one label before it";
    }

    /// <summary>Checks the server name that a TLS client sends and expects in the certificate.</summary>
    public static string? ServerName(string text) =>
        text.Contains(':', StringComparison.Ordinal) || IsIpv4(text) ? "must be a DNS name, not an IP address, and without port"
            : DnsSubdomain(text.ToLowerInvariant()) is null ? null
            : "must be a DNS name such as web.internal.example.com, without wildcard";

    public static string? Fqdn(string text) => Domain(text, IsLabel);

    /// <summary>Checks the value of <c>service</c>: a host name whose first label may be a wildcard, or an IPv4 block.</summary>
    public static string? ServiceHost(string text)
    {
        if (text.Count('/') == 1)
            return Ipv4Subnet(text);
        return Domain(text, part => part switch
        {
            "*" => true,
            ['*', '-', .. var rest] => IsLabel(rest),
            ['*', .. var rest] => IsLabel(rest),
            _ => false,
        });
    }

    public static string? Ipv4Subnet(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var address = slash < 0 ? text : text[..slash];
        var bits = slash < 0 ? "32" : text[(slash + 1)..];
        var right = IsIpv4(address) && byte.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n <= 32;
        return right && bits.Length <= 2 ? null : "must be an IPv4 address such as 10.0.0.1, or a block such as 10.0.0.0/8";
    }

    public static bool IsIpv4(string text)
    {
        var parts = text.Split('.');
        return parts.Length == 4 && parts.All(part =>
            part.Length is >= 1 and <= 3 && byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _));
    }

    /// <summary>Checks a key or a value of a map of labels. As in 2017 this allows more than Kubernetes does.</summary>
    public static string? LabelText(string text) => LabelCharacters().IsMatch(text) ? null
        : "must consist of letters, digits, '-', '_', '.' and '/'";

    public static string? HeaderName(string text) =>
        text.Length == 0 ? "must be the name of a header, not empty"
        : HeaderToken().IsMatch(text) ? null
        : text[0] == ':' ? "must be a header, not a pseudo-header"
        : HeaderToken().IsMatch(text.ToLowerInvariant()) ? $"must be lower case: {text.ToLowerInvariant()}"
        : "must be a header name: lower-case letters, digits and !#$%&'*+-.^_|~ only";

    public static string? HeaderValue(string text) =>
        text.Any(c => c is '\r' or '\n') ? "must not contain a line break"
        : text.Any(c => char.IsControl(c) && c != '\t') ? "must not contain control characters"
        : text.Any(c => c > '\x7e') ? "must be ASCII: the meaning of other characters is not defined for headers"
        : text.Trim(' ', '\t').Length != text.Length ? "must not begin or end with a space or tab: receivers remove them"
        : null;

    public static string? HttpMethod(string text) => Methods.Contains(text) ? null
        : Methods.Contains(text.ToUpperInvariant()) ? $"must be upper case: {text.ToUpperInvariant()}"
        : "must be one of " + string.Join(", ", Methods);

    /// <summary>Checks a value of <c>Host</c>: a name or an address with an optional port.</summary>
    public static string? Authority(string text)
    {
        const string wanted = "must be a host with an optional port, such as example.com or example.com:8080";
        if (AuthorityForm().Match(text) is not { Success: true } match || text.Length > 255)
            return text.Contains("://", StringComparison.Ordinal) ? wanted + "; without scheme" : wanted;
        var host = match.Groups["host"].Value;
        if (host[0] == '[' && !(host.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(host[1..^1], out _)))
            return "must hold an IPv6 address between '[' and ']'";
        var port = match.Groups["port"].Value;
        return port.Length > 0 && (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535)
            ? "must have a port between 1 and 65535"
            : null;
    }

    /// <summary>
    /// Checks an origin as browsers send it: scheme, host and optional port, or <c>null</c>. <c>*</c> stands for every origin.
    /// </summary>
    public static string? Origin(string text)
    {
        const string wanted = "must be \"*\" or scheme://host[:port], such as https://example.com";
        if (text is "*" or "null")
            return null;
        var end = text.IndexOf("://", StringComparison.Ordinal);
        if (end < 0 || !Scheme().IsMatch(text[..end]))
            return wanted;
        var rest = text[(end + 3)..];
        if (rest.Contains('/', StringComparison.Ordinal))
            return wanted + "; without path or '/' at the end";
        return rest.Contains('*', StringComparison.Ordinal) ? wanted + "; a wildcard inside an origin matches nothing"
            : Authority(rest) is null ? null
            : wanted;
    }

    /// <summary>Checks a path with an optional query, as it is sent.</summary>
    public static string? Target(string text) =>
        text[0] != '/' ? "must start with '/'"
        : text.Any(c => c is <= ' ' or >= '\x7f') ? "must be percent-encoded: no spaces, control characters or letters outside ASCII"
        : text.Contains('#', StringComparison.Ordinal) ? "must not contain '#': a fragment is not part of a request"
        : null;

    private static string? Domain(string text, Func<string, bool> isFirstPart)
    {
        if (text.Length > 255)
            return "must be a host name of at most 255 characters";
        var parts = text.Split('.');
        var bad = Array.FindIndex(parts, part => !IsLabel(part));
        if (bad == 0 && parts[0].Length <= 63 && isFirstPart(parts[0]))
            bad = Array.FindIndex(parts, 1, part => !IsLabel(part));
        return bad < 0 ? null
            : parts[bad].Length == 0 ? "must be a host name: labels joined by '.', none of them empty"
            : $"must be a host name: {JsonText.Quote(parts[bad])} is not a DNS label";
    }

    private static bool IsLabel(string text) => text.Length is > 0 and <= 63 && LabelForm().IsMatch(text);

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex LabelForm();

    [GeneratedRegex(@"\A[-A-Za-z0-9_./]*\z")]
    private static partial Regex LabelCharacters();

    [GeneratedRegex(@"\A[!#$%&'*+\-.^_`|~0-9a-z]+\z")]
    private static partial Regex HeaderToken();

    [GeneratedRegex(@"\A(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*)(:(?<port>[0-9]{1,5}))?\z")]
    private static partial Regex AuthorityForm();

    [GeneratedRegex(@"\A[a-z][a-z0-9+.-]*\z")]
    private static partial Regex Scheme();
}
