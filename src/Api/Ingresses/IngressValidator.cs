using System.Collections.Immutable;
using System.Globalization;
using FluentValidation;
using Turnpike.Reading;

namespace Turnpike.Api.Ingresses;

/// <summary>
/// Validates an Ingress of our class. The reader reports missing fields and wrong types, so the validator checks only what is present.
/// </summary>
internal sealed class IngressValidator : AbstractValidator<IngressObject>
{
    private const int MaxTlsEntries = 1000;

    private static readonly ImmutableArray<string> HttpPolicies = ["redirect", "allow", "none"];

    private IngressValidator()
    {
        RuleFor(ingress => ingress).Custom(HttpAnnotation);
        RuleFor(ingress => ingress).Custom(ShareHostWith);
        RuleFor(ingress => ingress).Custom(BackendAnnotations);
        RuleFor(ingress => ingress.ClassName).Form(Syntax.DnsSubdomain);
        RuleFor(ingress => ingress.DefaultBackend!).SetValidator(new IngressBackendValidator());
        RuleForEach(ingress => ingress.Tls).SetValidator(new IngressTlsValidator());
        RuleFor(ingress => ingress.Tls).Custom((tls, context) =>
        {
            // An entry without hosts applies to all hosts of the Ingress, so that thousands of entries would multiply with its hosts.
            if (tls.Length > MaxTlsEntries)
                context.Invalid($"must have at most {MaxTlsEntries} entries", tls.Length.ToString(CultureInfo.InvariantCulture));
        });
        RuleFor(ingress => ingress).Custom(TlsHosts);
        RuleForEach(ingress => ingress.Rules).SetValidator(new IngressRuleValidator());
        RuleFor(ingress => ingress).Custom(RulesWithoutPaths);
    }

    public static IngressValidator Instance { get; } = new();

    private static void HttpAnnotation(IngressObject ingress, ValidationContext<IngressObject> context)
    {
        const string at = $"Metadata.Annotations[{Names.HttpAnnotation}]";
        if (!ingress.Metadata.Annotations.TryGetValue(Names.HttpAnnotation, out var value))
            return;
        if (!HttpPolicies.Contains(value))
            context.Report(FieldErrorKind.Unsupported, FieldError.Unsupported("", null, HttpPolicies).Detail, JsonText.Quote(value), at);
        else if (ingress.Tls.IsEmpty)
            context.Warn("has no effect on an Ingress without \"tls\"", at);
    }

    private static void ShareHostWith(IngressObject ingress, ValidationContext<IngressObject> context)
    {
        const string at = $"Metadata.Annotations[{Names.ShareHostWithAnnotation}]";
        if (!ingress.Metadata.Annotations.TryGetValue(Names.ShareHostWithAnnotation, out var value))
            return;
        foreach (var name in NamespaceNames.Split(value))
        {
            if (NamespaceNames.Fault(name) is { } fault)
                context.Report(FieldErrorKind.Invalid, fault, JsonText.Quote(name), at);
        }
    }

    private static void BackendAnnotations(IngressObject ingress, ValidationContext<IngressObject> context)
    {
        var annotations = ingress.Metadata.Annotations;
        if (annotations.TryGetValue(Names.BackendProtocolAnnotation, out var protocol) && BackendSettings.ProtocolOf(protocol) is null)
        {
            var supported = FieldError.Unsupported("", null, BackendSettings.Protocols).Detail;
            context.Report(FieldErrorKind.Unsupported, supported, JsonText.Quote(protocol), At(Names.BackendProtocolAnnotation));
        }
        if (annotations.TryGetValue(Names.BackendCaAnnotation, out var ca) && Syntax.DnsSubdomain(ca) is not null)
        {
            const string detail = "must be the name of a Secret in the Ingress's own namespace, without that namespace; "
                + $"the Secret holds the certificates of the authority under {Names.CaCertificateKey}";
            context.Invalid(detail, JsonText.Quote(ca), At(Names.BackendCaAnnotation));
        }
        if (annotations.TryGetValue(Names.BackendServerNameAnnotation, out var name) && Syntax.ServerName(name) is { } fault)
            context.Invalid(fault, JsonText.Quote(name), At(Names.BackendServerNameAnnotation));

        static string At(string annotation) => $"Metadata.Annotations[{annotation}]";
    }

    /// <summary>Refuses a host that is listed with two Secrets: a host can be served with one certificate only.</summary>
    private static void TlsHosts(IngressObject ingress, ValidationContext<IngressObject> context)
    {
        var seen = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < ingress.Tls.Length; i++)
        {
            var entry = ingress.Tls[i];
            for (var j = 0; j < entry.Hosts.Length; j++)
            {
                var host = entry.Hosts[j];
                var at = $"Tls[{i}].Hosts[{j}]";
                if (host.Length == 0 || seen.TryAdd(host, entry.SecretName))
                    continue;
                var secret = seen[host] ?? "";
                var with = secret.Length == 0 ? "no secret" : "the secret " + JsonText.Quote(secret);
                if (secret == (entry.SecretName ?? ""))
                    context.Warn("is listed twice", at);
                else
                    context.Report(FieldErrorKind.Duplicate, "is listed already, with " + with, null, at);
            }
        }
    }

    private static void RulesWithoutPaths(IngressObject ingress, ValidationContext<IngressObject> context)
    {
        if (ingress.DefaultBackend is not null)
            return;
        for (var i = 0; i < ingress.Rules.Length; i++)
        {
            if (ingress.Rules[i].Paths.IsEmpty)
                context.Warn("has no effect: there are neither paths nor a default backend for the requests of the host", $"Rules[{i}]");
        }
    }
}

internal sealed class IngressTlsValidator : AbstractValidator<IngressTls>
{
    public IngressTlsValidator()
    {
        this.RuleForTexts(tls => tls.Hosts, nameof(IngressTls.Hosts), Syntax.IngressHost);
        RuleFor(tls => tls.SecretName).Form(Syntax.DnsSubdomain);
    }
}

internal sealed class IngressRuleValidator : AbstractValidator<IngressRule>
{
    public IngressRuleValidator()
    {
        RuleFor(rule => rule.Host).Form(Syntax.IngressHost!);
        RuleForEach(rule => rule.Paths).SetValidator(new IngressPathValidator());
    }
}

internal sealed class IngressBackendValidator : AbstractValidator<IngressBackend>
{
    public IngressBackendValidator()
    {
        RuleFor(backend => backend.ServiceName).Form(Syntax.Label!);
        RuleFor(backend => backend.PortName).Form(Syntax.Label!);
        RuleFor(backend => backend.PortName).Custom((name, context) =>
        {
            if (name.Length > 0 && name.All(char.IsAsciiDigit))
                context.Warn("is read as the name of a port; write the number without quotes");
        });
    }
}
