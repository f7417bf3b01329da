using System.Globalization;
using FluentValidation;
using Turnpike.Primitives;
using Turnpike.Reading;

namespace Turnpike.Api.RouteRules;

internal sealed class MatchConditionValidator : AbstractValidator<MatchCondition>
{
    public MatchConditionValidator()
    {
        var subnets = new L4MatchValidator();
        RuleFor(match => match.Source!).SetValidator(new ServiceValidator(labelsAllowed: true));
        RuleFor(match => match.Tcp!).SetValidator(subnets);
        RuleFor(match => match.Tcp).Custom((tcp, context) =>
        {
            if (tcp is not null)
                context.Warn("has no effect on HTTP requests");
        });
        RuleFor(match => match.Udp!).SetValidator(subnets);
        RuleFor(match => match.Udp).Custom((udp, context) =>
        {
            if (udp is not null)
                context.Forbidden("UDP is not supported");
        });
        RuleFor(match => match.Request!).SetValidator(new MatchRequestValidator());
    }
}

internal sealed class L4MatchValidator : AbstractValidator<L4MatchAttributes>
{
    public L4MatchValidator()
    {
        this.RuleForTexts(match => match.SourceSubnet, nameof(L4MatchAttributes.SourceSubnet), Syntax.Ipv4Subnet);
        this.RuleForTexts(match => match.DestinationSubnet, nameof(L4MatchAttributes.DestinationSubnet), Syntax.Ipv4Subnet);
    }
}

internal sealed class MatchRequestValidator : AbstractValidator<MatchRequest>
{
    public MatchRequestValidator()
    {
        RuleFor(request => request.Headers).Custom((headers, context) =>
        {
            if (headers?.Count > RouteRuleSpec.MaxCount)
            {
                var count = headers.Count.ToString(CultureInfo.InvariantCulture);
                context.Invalid($"must have at most {RouteRuleSpec.MaxCount} conditions", count);
            }
        });
        RuleForEach(request => request.Headers)
            .OverrideIndexer((_, _, header, _) => $"[{header.Key}]")
            .Custom((header, context) =>
            {
                if (Syntax.HeaderName(header.Key) is { } name)
                    context.InvalidKey(name, header.Key);
                Condition(header.Key, header.Value, context);
            });
    }

    private static void Condition(string header, StringMatch match, ValidationContext<MatchRequest> context)
    {
        if ((match.Exact ?? match.Prefix ?? match.Regex) is not { } value)
        {
            context.Required("one of `exact`, `prefix` and `regex` is required");
            return;
        }
        var kind = match.Exact is not null ? nameof(match.Exact) : match.Prefix is not null ? nameof(match.Prefix) : nameof(match.Regex);
        if (match.Regex is not null && LinearRegex.Fault(match.Regex) is { } fault)
            context.Invalid(fault, at: nameof(match.Regex));
        if (header == "host")
            context.Warn("matches no request: the Host header is matched under the name \"authority\"");
        if (header != "uri")
            return;
        if (value.Length == 0)
            context.Required("a condition on the uri must not be empty", kind);
        else if (match.Regex is null && value[0] != '/')
            context.Warn("matches no request: a path starts with '/'", kind);
        else if (match.Regex is null && value.Contains('?', StringComparison.Ordinal))
            context.Warn("matches no request: the query is not part of the comparison", kind);
    }
}
