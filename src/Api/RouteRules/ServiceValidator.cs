using FluentValidation;
using Turnpike.Reading;

namespace Turnpike.Api.RouteRules;

/// <summary>Validates a reference to a service. An empty string counts as absent, as in proto messages.</summary>
internal sealed class ServiceValidator : AbstractValidator<IstioService>
{
    public ServiceValidator(bool labelsAllowed)
    {
        RuleFor(service => service).Custom((service, context) =>
        {
            if (!Given(service.Name) && !Given(service.Service))
                context.Required("one of `name` and `service` is required");
            if (!Given(service.Service))
                return;
            foreach (var (other, name) in new[]
            {
                (service.Name, nameof(service.Name)),
                (service.Namespace, nameof(service.Namespace)),
                (service.Domain, nameof(service.Domain)),
            })
            {
                if (Given(other))
                    context.Forbidden("may not be given together with `service`, which is a full host name", name);
            }
        });
        RuleFor(service => service.Name).Form(Syntax.Label).When(service => !Given(service.Service));
        RuleFor(service => service.Namespace).Form(Syntax.Label);
        RuleFor(service => service.Domain).Form(Syntax.Fqdn);
        RuleFor(service => service.Service).Form(Syntax.ServiceHost);
        this.RuleForLabels(service => service.Labels);
        if (!labelsAllowed)
        {
            RuleFor(service => service.Labels).Custom((labels, context) =>
            {
                if (labels is { Count: > 0 })
                    context.Forbidden("a rule governs a whole service; labels belong to `route` and `match.source`");
            });
        }
    }

    private static bool Given(string? text) => !string.IsNullOrEmpty(text);
}

internal sealed class DestinationWeightValidator : AbstractValidator<DestinationWeight>
{
    public DestinationWeightValidator()
    {
        RuleFor(target => target.Destination!).SetValidator(new ServiceValidator(labelsAllowed: true));
        this.RuleForLabels(target => target.Labels);
        RuleFor(target => target.Weight).Custom((weight, context) =>
        {
            if (weight is < 0 or > 100)
                context.Invalid("must be between 0 and 100");
        });
    }
}
