using System.Text.Json.Nodes;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Api.RouteRules;
using Turnpike.Reading;

namespace Turnpike.Tests.Api;

/// <summary>The outcome of any reader: the value, the errors and the warnings.</summary>
internal sealed record Outcome(object? Value, IReadOnlyList<FieldError> Errors, IReadOnlyList<string> Warnings)
{
    public static Outcome Of<T>(Decoded<T> decoded)
        where T : class => new(decoded.Value, decoded.Errors, decoded.Warnings);
}

/// <summary>All readers by the kind that they read; the mesh configuration, which has none, under "mesh".</summary>
internal static class ObjectReaders
{
    public const string Mesh = "mesh";

    public static IReadOnlyDictionary<string, Func<JsonObject, Outcome>> All { get; } = new Dictionary<string, Func<JsonObject, Outcome>>
    {
        ["RouteRule"] = raw => Outcome.Of(RouteRuleReader.Read(raw)),
        ["Ingress"] = raw => Outcome.Of(IngressReader.Read(raw)),
        ["IngressClass"] = raw => Outcome.Of(CoreReaders.ReadIngressClass(raw)),
        ["Service"] = raw => Outcome.Of(CoreReaders.ReadService(raw)),
        ["Endpoints"] = raw => Outcome.Of(EndpointsReader.ReadEndpoints(raw)),
        ["EndpointSlice"] = raw => Outcome.Of(EndpointsReader.ReadSlice(raw)),
        ["Pod"] = raw => Outcome.Of(CoreReaders.ReadPod(raw)),
        ["Secret"] = raw => Outcome.Of(TlsSecretReader.Read(raw)),
        ["Namespace"] = raw => Outcome.Of(CoreReaders.ReadNamespace(raw)),
        [Mesh] = raw => Outcome.Of(MeshConfigReader.Read(raw)),
    };
}
