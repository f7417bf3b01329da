using System.Buffers;
using FluentValidation;
using Turnpike.Reading;

namespace Turnpike.Api.Ingresses;

/// <summary>
/// Checks a path by its type: by Kubernetes' rules for Exact and Prefix, by those of 2017 (istio-2017.md §5.1) for ImplementationSpecific.
/// </summary>
internal sealed class IngressPathValidator : AbstractValidator<IngressPath>
{
    private const string Wildcard = ".*";

    private static readonly SearchValues<string> Unclean = SearchValues.Create(["//", "/./", "/../", "%2f"], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<char> Metacharacters = SearchValues.Create(@"*([\|^");

    public IngressPathValidator()
    {
        RuleFor(path => path.Path).Custom((text, context) =>
        {
            var type = context.InstanceToValidate.PathType;
            if (type == IngressPathType.ImplementationSpecific)
                ByTheRuleOf2017(text, context);
            else
                AsKubernetesDefines(text, type, context);
        });
        RuleFor(path => path.Backend).SetValidator(new IngressBackendValidator());
    }

    private static void AsKubernetesDefines(string path, IngressPathType type, ValidationContext<IngressPath> context)
    {
        if (!path.StartsWith('/'))
            context.Invalid($"must start with '/', because pathType is {type}");
        else if (path.AsSpan().ContainsAny(Unclean) || path.EndsWith("/.", StringComparison.Ordinal) || path.EndsWith("/..", StringComparison.Ordinal))
            context.Invalid("must not contain \"//\", \"/./\", \"/../\" or \"%2f\", nor end in \"/.\" or \"/..\"");
        else if (path.EndsWith(Wildcard, StringComparison.Ordinal))
            context.Warn($"\".*\" is taken literally, because pathType is {type}; with ImplementationSpecific it makes a prefix");
        else
            WarnOfQuery(path, context);
    }

    private static void ByTheRuleOf2017(string path, ValidationContext<IngressPath> context)
    {
        if (path.Length == 0 || path == Wildcard)
            return;
        var plain = path.EndsWith(Wildcard, StringComparison.Ordinal) ? path[..^Wildcard.Length] : path;
        if (path[0] != '/')
            context.Invalid("must start with '/', or be empty or \".*\" for every path");
        else if (plain.AsSpan().ContainsAny(Metacharacters))
            context.Warn("is taken literally, except for a \".*\" at its end: other regular expressions are not supported");
        else
            WarnOfQuery(path, context);
    }

    private static void WarnOfQuery(string path, ValidationContext<IngressPath> context)
    {
        if (path.Contains('?', StringComparison.Ordinal) || path.Contains('#', StringComparison.Ordinal))
            context.Warn("matches no request: query and fragment are not part of the path");
    }
}
