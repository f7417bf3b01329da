using FluentValidation;
using Turnpike.Reading;

namespace Turnpike.Api.RouteRules;

internal sealed class FaultValidator : AbstractValidator<HttpFaultInjection>
{
    public FaultValidator()
    {
        RuleFor(fault => fault).Custom((fault, context) =>
        {
            if (fault.Delay is null && fault.Abort is null)
                context.Warn("has no effect: neither `delay` nor `abort` is given");
        });
        RuleFor(fault => fault.Delay!).SetValidator(new DelayValidator());
        RuleFor(fault => fault.Abort!).SetValidator(new AbortValidator());
    }
}

internal sealed class DelayValidator : AbstractValidator<FaultDelay>
{
    public DelayValidator()
    {
        RuleFor(delay => delay.Percent).IsPercentage();
        RuleFor(delay => delay.FixedDelay).IsDuration(required: true).When(delay => delay.ExponentialDelay is null);
        RuleFor(delay => delay.ExponentialDelay).Custom((exponential, context) =>
        {
            if (exponential is not null)
                context.Forbidden("exponential delays are not supported; use `fixedDelay`");
        });
        RuleFor(delay => delay.OverrideHeaderName).HasNoEffect();
    }
}

internal sealed class AbortValidator : AbstractValidator<FaultAbort>
{
    public AbortValidator()
    {
        RuleFor(abort => abort.Percent).IsPercentage();
        RuleFor(abort => abort.HttpStatus).Custom((status, context) =>
        {
            if (status is < 0 or > 600)
                context.Invalid("must be between 0 and 600");
            else if (status is < 200 or 600)
                context.Warn("has no effect: the status of a final response is 200 to 599");
        });
        RuleFor(abort => abort.GrpcStatus).Custom((status, context) =>
        {
            if (status is not null)
                context.Forbidden("gRPC faults are not supported; use `httpStatus`");
        });
        RuleFor(abort => abort.Http2Error).HasNoEffect();
        RuleFor(abort => abort.OverrideHeaderName).HasNoEffect();
        RuleFor(abort => abort).Custom((abort, context) =>
        {
            if (abort is { HttpStatus: null, GrpcStatus: null, Http2Error: null })
                context.Warn("has no effect: `httpStatus` is absent");
        });
    }
}
