using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Certificates;

/// <summary>The Secret that all replicas share. Of two that write, one is refused and takes over what the other wrote.</summary>
internal sealed class CertificateSecret(KubeApi api, NamespacedName key)
{
    public static readonly ResourceRef Resource = new("", "v1", "secrets", "Secret");
    private const int MostAttempts = 5;

    /// <summary>Lets <paramref name="advance"/> change the state, and returns what is stored then, by us or by another.</summary>
    public async Task<CertificateState> UpdateAsync(Func<CertificateState, CertificateState> advance, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var found = await api.FindAsync(Resource, key, ct);
            var current = found is { } secret ? CertificateState.Read(secret) : new();
            var next = advance(current);
            if (ReferenceEquals(next, current))
                return current;

            try
            {
                if (found is { } existing)
                {
                    var changed = JsonObject.Create(existing)!;
                    next.WriteTo(changed);
                    await api.ReplaceAsync(Resource, key, changed, WriteOptions.Default, ct);
                }
                else
                {
                    await api.CreateAsync(Resource, key.Namespace, New(next), WriteOptions.Default, ct);
                }

                return next;
            }
            catch (KubeStatusException e) when ((e.IsConflict || e.IsNotFound) && attempt < MostAttempts)
            {
                // Another replica was faster, or somebody deleted it: look again.
            }
        }
    }

    private JsonObject New(CertificateState state)
    {
        var secret = new JsonObject
        {
            ["apiVersion"] = Resource.ApiVersion,
            ["kind"] = Resource.Kind,
            ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace },
            ["type"] = "Opaque",
        };
        state.WriteTo(secret);
        return secret;
    }
}
