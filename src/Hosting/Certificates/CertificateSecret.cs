using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Certificates;

/// <summary>The Secret that all replicas share. One of two concurrent writers is refused, and uses what the other wrote.</summary>
internal sealed class CertificateSecret(KubeApi api, NamespacedName key)
{
    private const int MostAttempts = 5;

    /// <summary>Lets <paramref name="advance"/> change the state, and returns what is stored after that.</summary>
    public async Task<CertificateState> UpdateAsync(Func<CertificateState, CertificateState> advance, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var found = await api.FindAsync(KnownResources.Secrets, key, ct);
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
                    await api.ReplaceAsync(KnownResources.Secrets, key, changed, WriteOptions.Default, ct);
                }
                else
                {
                    await api.CreateAsync(KnownResources.Secrets, key.Namespace, New(next), WriteOptions.Default, ct);
                }

                return next;
            }
            catch (KubeStatusException e) when ((e.IsConflict || e.IsNotFound) && attempt < MostAttempts)
            {
                // Another replica wrote first, or the Secret was deleted. The next attempt reads it again.
            }
        }
    }

    private JsonObject New(CertificateState state)
    {
        var secret = new JsonObject
        {
            ["apiVersion"] = KnownResources.Secrets.ApiVersion,
            ["kind"] = KnownResources.Secrets.Kind,
            ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace },
            ["type"] = "Opaque",
        };
        state.WriteTo(secret);
        return secret;
    }
}
