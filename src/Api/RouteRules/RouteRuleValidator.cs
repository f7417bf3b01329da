using System.Collections.Immutable;
using System.Globalization;
using FluentValidation;
using Turnpike.Primitives;
using Turnpike.Reading;

namespace Turnpike.Api.RouteRules;

/// <summary>
/// Validates <c>spec</c> of a RouteRule (istio-2017.md §2.2). Each message has its own validator; this one covers the whole.
/// </summary>
internal sealed class RouteRuleValidator : AbstractValidator<RouteRuleSpec>
{
    private RouteRuleValidator()
    {
        var service = new ServiceValidator(labelsAllowed: true);

        RuleFor(spec => spec.Destination).Custom((destination, context) =>
        {
            if (destination is null)
                context.Required("the service whose requests the rule governs");
        });
        RuleFor(spec => spec.Destination!).SetValidator(new ServiceValidator(labelsAllowed: false));
        RuleFor(spec => spec.Match!).SetValidator(new MatchConditionValidator());
        RuleForEach(spec => Items(spec.Route))
            .SetValidator(new DestinationWeightValidator())
            .OverridePropertyName(nameof(RouteRuleSpec.Route));
        RuleFor(spec => spec.Route).Custom(Weights);
        RuleFor(spec => spec.Route).Custom((route, context) => AtMost(route?.Length, "targets", context));
        RuleFor(spec => spec.AppendHeaders).Custom((headers, context) => AtMost(headers?.Count, "headers", context));
        RuleFor(spec => spec.Redirect!).SetValidator(new RedirectValidator());
        RuleFor(spec => spec.Rewrite!).SetValidator(new RewriteValidator());
        RuleFor(spec => spec.HttpReqTimeout!).SetValidator(new TimeoutValidator());
        RuleFor(spec => spec.HttpReqRetries!).SetValidator(new RetryValidator());
        RuleFor(spec => spec.HttpFault!).SetValidator(new FaultValidator());
        RuleFor(spec => spec.L4Fault).Custom((fault, context) =>
        {
            if (fault is not null)
                context.Forbidden("faults of TCP connections are not supported");
        });
        RuleFor(spec => spec.Mirror!).SetValidator(service);
        RuleFor(spec => spec.CorsPolicy!).SetValidator(new CorsPolicyValidator());
        RuleForEach(spec => spec.AppendHeaders)
            .OverrideIndexer((_, _, header, _) => $"[{header.Key}]")
            .Custom((header, context) => AppendedHeader(header, context));
        RuleFor(spec => spec).Custom(PerTryTimeout);
        RuleFor(spec => spec).Custom(BesideRedirect).When(spec => spec.Redirect is not null);
    }

    public static RouteRuleValidator Instance { get; } = new();

    private static IEnumerable<T> Items<T>(ImmutableArray<T>? items) => items ?? [];

    private static void AtMost(int? count, string what, ValidationContext<RouteRuleSpec> context)
    {
        if (count > RouteRuleSpec.MaxCount)
            context.Invalid($"must have at most {RouteRuleSpec.MaxCount} {what}", count.Value.ToString(CultureInfo.InvariantCulture));
    }

    private static void Weights(ImmutableArray<DestinationWeight>? route, ValidationContext<RouteRuleSpec> context)
    {
        if (route is not { } targets || targets is [{ Weight: null or 0 }] || targets.Any(t => t.Weight is < 0 or > 100))
            return;
        var total = targets.Sum(target => (long)(target.Weight ?? 0));
        if (total != 100)
            context.Invalid("weights must total 100", total.ToString(CultureInfo.InvariantCulture));
    }

    private static void AppendedHeader(KeyValuePair<string, string> header, ValidationContext<RouteRuleSpec> context)
    {
        if (Syntax.HeaderName(header.Key) is { } name)
            context.InvalidKey(name, header.Key);
        else if (header.Key == "host")
            context.Forbidden("a request has one Host; set it with `rewrite.authority`");
        else if (FramingHeaders.Names.Contains(header.Key))
            context.Forbidden("this header belongs to the connection and cannot be appended");
        if (header.Value.Length == 0)
            context.Required("a value that is not empty");
        else if (Syntax.HeaderValue(header.Value) is { } value)
            context.Invalid(value);
    }

    private static void PerTryTimeout(RouteRuleSpec spec, ValidationContext<RouteRuleSpec> context)
    {
        if (spec.HttpReqTimeout?.SimpleTimeout?.Timeout is { } total
            && spec.HttpReqRetries?.SimpleRetry?.PerTryTimeout is { } perTry
            && perTry >= total)
        {
            context.Warn(
                $"has no effect: it is not shorter than the total timeout of {total}",
                $"{nameof(RouteRuleSpec.HttpReqRetries)}.{nameof(HttpRetry.SimpleRetry)}.{nameof(SimpleRetry.PerTryTimeout)}");
        }
    }

    /// <summary>Checks the fields beside a redirect. No service is contacted, so most of them contradict it or have no effect.</summary>
    private static void BesideRedirect(RouteRuleSpec spec, ValidationContext<RouteRuleSpec> context)
    {
        const string contradiction = "may not be given together with `redirect`";
        if (spec.Route is { Length: > 0 })
            context.Forbidden(contradiction, nameof(spec.Route));
        if (spec.Rewrite is not null)
            context.Forbidden(contradiction, nameof(spec.Rewrite));
        if (spec.WebsocketUpgrade == true)
            context.Forbidden(contradiction, nameof(spec.WebsocketUpgrade));
        if (spec.HttpFault is not null)
            context.Forbidden(contradiction, nameof(spec.HttpFault));
        foreach (var name in Ineffective(spec))
            context.Warn("has no effect beside `redirect`", name);

        static IEnumerable<string> Ineffective(RouteRuleSpec spec)
        {
            if (spec.HttpReqTimeout is not null)
                yield return nameof(spec.HttpReqTimeout);
            if (spec.HttpReqRetries is not null)
                yield return nameof(spec.HttpReqRetries);
            if (spec.Mirror is not null)
                yield return nameof(spec.Mirror);
            if (spec.CorsPolicy is not null)
                yield return nameof(spec.CorsPolicy);
            if (spec.AppendHeaders is { Count: > 0 })
                yield return nameof(spec.AppendHeaders);
        }
    }
}
