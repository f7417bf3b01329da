using FluentValidation;
using Turnpike.Reading;

namespace Turnpike.Api.RouteRules;

internal sealed class RedirectValidator : AbstractValidator<HttpRedirect>
{
    public RedirectValidator()
    {
        RuleFor(redirect => redirect).Custom((redirect, context) =>
        {
            if (string.IsNullOrEmpty(redirect.Uri) && string.IsNullOrEmpty(redirect.Authority))
                context.Required("one of `uri` and `authority` is required");
        });
        RuleFor(redirect => redirect.Uri).Form(Syntax.Target);
        RuleFor(redirect => redirect.Authority).Form(Syntax.Authority);
    }
}

internal sealed class RewriteValidator : AbstractValidator<HttpRewrite>
{
    public RewriteValidator()
    {
        RuleFor(rewrite => rewrite).Custom((rewrite, context) =>
        {
            if (string.IsNullOrEmpty(rewrite.Uri) && string.IsNullOrEmpty(rewrite.Authority))
                context.Required("one of `uri` and `authority` is required");
        });
        RuleFor(rewrite => rewrite.Uri).Form(uri => Syntax.Target(uri)
            ?? (uri.Contains('?', StringComparison.Ordinal) ? "must not contain '?': the query of the request is kept" : null));
        RuleFor(rewrite => rewrite.Authority).Form(Syntax.Authority);
    }
}

internal sealed class TimeoutValidator : AbstractValidator<HttpTimeout>
{
    public TimeoutValidator()
    {
        RuleFor(timeout => timeout).Custom((timeout, context) =>
        {
            if (timeout.SimpleTimeout is null && timeout.Custom is null)
                context.Warn("has no effect: `simpleTimeout` is absent");
            if (timeout.Custom is not null)
                context.Warn("has no effect", nameof(timeout.Custom));
        });
        RuleFor(timeout => timeout.SimpleTimeout!).ChildRules(simple =>
        {
            simple.RuleFor(t => t.Timeout).IsDuration(required: true);
            simple.RuleFor(t => t.OverrideHeaderName).HasNoEffect();
        });
    }
}

internal sealed class RetryValidator : AbstractValidator<HttpRetry>
{
    public RetryValidator()
    {
        RuleFor(retry => retry).Custom((retry, context) =>
        {
            if (retry.SimpleRetry is null && retry.Custom is null)
                context.Warn("has no effect: `simpleRetry` is absent");
            if (retry.Custom is not null)
                context.Warn("has no effect", nameof(retry.Custom));
        });
        RuleFor(retry => retry.SimpleRetry!).ChildRules(simple =>
        {
            simple.RuleFor(t => t.Attempts).Custom((attempts, context) =>
            {
                if (attempts < 0)
                    context.Invalid("must be 0 or more");
                else if (attempts is null or 0)
                    context.Warn(attempts is null ? "defaults to 0, so requests are not retried" : "0 means that requests are not retried");
            });
            simple.RuleFor(t => t.PerTryTimeout).IsDuration(required: false);
            simple.RuleFor(t => t.OverrideHeaderName).HasNoEffect();
        });
    }
}

internal sealed class CorsPolicyValidator : AbstractValidator<CorsPolicy>
{
    public CorsPolicyValidator()
    {
        RuleFor(cors => cors.AllowOrigin).Custom((origins, context) =>
        {
            if (origins is null or { Length: 0 })
                context.Warn("allows no origin, so the policy has no effect");
        });
        this.RuleForTexts(cors => cors.AllowOrigin, nameof(CorsPolicy.AllowOrigin), Syntax.Origin);
        this.RuleForTexts(cors => cors.AllowMethods, nameof(CorsPolicy.AllowMethods), Syntax.HttpMethod);
        this.RuleForTexts(cors => cors.AllowHeaders, nameof(CorsPolicy.AllowHeaders), Syntax.HeaderName);
        this.RuleForTexts(cors => cors.ExposeHeaders, nameof(CorsPolicy.ExposeHeaders), Syntax.HeaderName);
        RuleFor(cors => cors.MaxAge).IsDuration(required: false, wholeSeconds: true);
    }
}
