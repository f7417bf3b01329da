using System.Text.RegularExpressions;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>A refusal of the API server, split into its parts for people.</summary>
/// <param name="Message">The message, on one line.</param>
/// <param name="Faults">The single errors of the schema or of admission, each led by its field; empty if the message says it all.</param>
internal sealed partial record Refusal(string Message, IReadOnlyList<string> Faults)
{
    public static Refusal Read(KubeStatusException status)
    {
        var message = status.ServerMessage.Trim();
        if (status.IsNotFound && UnknownKind().IsMatch(message))
            return new Refusal("the cluster does not serve this kind; Turnpike's custom resource definition is missing", []);
        if (status.Code == 401)
            return new Refusal("the API server does not accept the kubeconfig's credentials", []);
        if (message.Length == 0)
            return new Refusal($"the response of the API server is {status.Code} {status.Reason}", []);
        if (Unanswered().Match(message) is { Success: true } call)
        {
            var reason = CommandException.OneLine(call.Groups["reason"].Value);
            return new Refusal($"the operator, which validates it, does not respond: {reason}", []) { IsOperatorAway = true };
        }
        var parts = Summary().Match(message);
        var (head, tail) = parts.Success ? (parts.Groups["head"].Value, parts.Groups["tail"].Value) : FirstLine(message);
        // A cause without a field often repeats the message.
        var causes = status.Causes
            .Where(cause => cause.Field.Length > 0 || !message.Contains(cause.Message, StringComparison.Ordinal))
            .ToList();
        return new Refusal(head, causes.Count > 0 ? [.. causes.Select(Describe)] : Split(tail));
    }

    /// <summary>Whether the request failed because one of our webhooks could not be called.</summary>
    public bool IsOperatorAway { get; private init; }

    /// <summary>Returns the exception that ends a command.</summary>
    /// <param name="doing">The operation that failed, such as <c>cannot create route-rule/default/a</c>.</param>
    public CommandException ToException(string? doing = null) => new(doing is null ? Message : $"{doing}: {Message}", Faults);

    /// <summary>Returns message and errors on one line.</summary>
    public override string ToString() => Faults.Count == 0 ? Message : $"{Message}: {string.Join("; ", Faults)}";

    private static string Describe(KubeStatusCause cause) => cause.Field.Length == 0 ? cause.Message : $"{cause.Field}: {cause.Message}";

    private static (string Head, string Tail) FirstLine(string message)
    {
        var end = message.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? (message, "") : (message[..end].TrimEnd().TrimEnd(':'), message[end..]);
    }

    private static List<string> Split(string text)
    {
        var list = text.Trim();
        if (list is ['[', .. var inner, ']'])
            list = inner;
        return [.. NextFault().Split(list).Select(fault => fault.Trim()).Where(fault => fault.Length > 0)];
    }

    [GeneratedRegex("could not find the requested resource|^404 page not found", RegexOptions.CultureInvariant)]
    private static partial Regex UnknownKind();

    /// <summary>
    /// Matches the message for a webhook of ours that could not be called. It names the webhook once or twice before the reason.
    /// </summary>
    [GeneratedRegex(
        """\A.*?failed calling webhook "[^"]*turnpike\.io": (?:failed to call webhook: )?(?<reason>.*)\z""",
        RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Unanswered();

    /// <summary>Matches the API server's introduction to the errors of a schema or a webhook.</summary>
    [GeneratedRegex(
        """\A(?<head>admission webhook "[^"]*" denied the request|\S+ "[^"]*" is invalid): (?<tail>.*)\z""",
        RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Summary();

    /// <summary>Matches the separator of two errors: a line break, or a comma or semicolon before the path of a field.</summary>
    [GeneratedRegex(@"\r?\n|[,;] (?=(?:spec|metadata|apiVersion|kind)\b[\w.\-\[\]""/]*: )", RegexOptions.CultureInvariant)]
    private static partial Regex NextFault();
}
