using System.Collections.Immutable;
using Turnpike.Reading;

namespace Turnpike.Api.Mesh;

/// <summary>Reads the section <c>ingressProxy</c> of the mesh settings.</summary>
internal static class IngressProxyReader
{
    private const int MaxReplicas = 1000;

    private static readonly string[] Keys = ["replicas", "image", "serviceType", "httpNodePort", "httpsNodePort"];
    private static readonly ImmutableArray<string> ServiceTypes = ["LoadBalancer", "NodePort", "ClusterIP"];

    public static IngressProxySettings Read(ObjectReader section)
    {
        var fallback = new IngressProxySettings();
        section.WarnOfUnknown(Keys);
        var replicas = section.Int32("replicas") ?? fallback.Replicas;
        if (replicas is < 0 or > MaxReplicas)
            section.AddError(FieldError.Invalid(section.PathOf("replicas"), JsonText.Quote(section.Raw("replicas")), $"must be between 0 and {MaxReplicas}"));
        var image = section.String("image");
        if (image is not null && (image.Length == 0 || image.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))))
            section.AddError(FieldError.Invalid(section.PathOf("image"), JsonText.Quote(image), "must be the name of an image"));
        var type = section.String("serviceType") ?? fallback.ServiceType;
        if (!ServiceTypes.Contains(type))
            section.AddError(FieldError.Unsupported(section.PathOf("serviceType"), JsonText.Quote(type), ServiceTypes));
        return new IngressProxySettings
        {
            Replicas = replicas,
            Image = image,
            ServiceType = type,
            HttpNodePort = NodePort(section, "httpNodePort"),
            HttpsNodePort = NodePort(section, "httpsNodePort"),
        };
    }

    private static int NodePort(ObjectReader section, string name) => section.Has(name) ? section.Port(name) ?? 0 : 0;
}
