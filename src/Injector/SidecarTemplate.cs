using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Api;

namespace Turnpike.Injector;

/// <summary>
/// Everything that is added to a pod's spec. The container satisfies the Pod Security level "restricted". Every call returns new nodes.
/// </summary>
internal static class SidecarTemplate
{
    private const int StatusPort = 15020;
    private const int TokenSeconds = 3600;
    private const string SecretsDirectory = "/var/run/secrets/turnpike";

    public static IReadOnlyList<string> VolumeNames(Profile profile) => [profile.ProxyConfigVolume, profile.ProxyTokenVolume];

    public static JsonObject Container(SidecarSettings settings, string? appLabel)
    {
        var profile = settings.Config.Profile;
        var container = new JsonObject
        {
            ["name"] = profile.ProxyContainer,
            ["image"] = settings.Image,
            ["imagePullPolicy"] = settings.Config.ImagePullPolicy,
        };
        if (settings.IsNative)
            container["restartPolicy"] = "Always";
        container["args"] = Arguments(settings);
        container["env"] = new JsonArray(
            FromField("POD_NAME", "metadata.name"),
            FromField("POD_NAMESPACE", "metadata.namespace"),
            FromField("INSTANCE_IP", "status.podIP"),
            new JsonObject { ["name"] = "SERVICE_CLUSTER", ["value"] = string.IsNullOrEmpty(appLabel) ? profile.ProxyContainer : appLabel });
        container["ports"] = new JsonArray(new JsonObject { ["name"] = "http-status", ["containerPort"] = StatusPort, ["protocol"] = "TCP" });
        container["readinessProbe"] = new JsonObject
        {
            ["httpGet"] = new JsonObject { ["path"] = "/ready", ["port"] = StatusPort },
            ["initialDelaySeconds"] = 1,
            ["periodSeconds"] = 2,
            ["failureThreshold"] = 30,
        };
        // Kubernetes starts the application after its native sidecars have started, which the startup probe defines.
        if (settings.IsNative)
        {
            container["startupProbe"] = new JsonObject
            {
                ["httpGet"] = new JsonObject { ["path"] = "/ready", ["port"] = StatusPort },
                ["periodSeconds"] = 1,
                ["failureThreshold"] = 60,
            };
        }
        container["resources"] = Resources(settings);
        container["securityContext"] = new JsonObject
        {
            ["runAsUser"] = settings.Config.ProxyUid,
            ["runAsGroup"] = settings.Config.ProxyUid,
            ["runAsNonRoot"] = true,
            ["readOnlyRootFilesystem"] = true,
            ["allowPrivilegeEscalation"] = false,
            ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
            ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        };
        container["volumeMounts"] = new JsonArray(
            new JsonObject { ["name"] = profile.ProxyConfigVolume, ["mountPath"] = profile.ProxyConfigDirectory },
            new JsonObject { ["name"] = profile.ProxyTokenVolume, ["mountPath"] = SecretsDirectory, ["readOnly"] = true });
        return container;
    }

    public static IReadOnlyList<JsonObject> Volumes(Profile profile) =>
    [
        new() { ["name"] = profile.ProxyConfigVolume, ["emptyDir"] = new JsonObject { ["medium"] = "Memory" } },
        new()
        {
            ["name"] = profile.ProxyTokenVolume,
            ["projected"] = new JsonObject
            {
                ["sources"] = new JsonArray(
                    new JsonObject
                    {
                        ["serviceAccountToken"] = new JsonObject
                        {
                            ["audience"] = Names.SidecarAudience,
                            ["expirationSeconds"] = TokenSeconds,
                            ["path"] = "token",
                        },
                    },
                    new JsonObject { ["configMap"] = new JsonObject { ["name"] = profile.CaConfigMap, ["optional"] = true } }),
            },
        },
    ];

    /// <summary>Returns the configured version, or a hash of everything that does not depend on the pod.</summary>
    public static string Version(SidecarSettings settings)
    {
        if (settings.Config.Version.Length > 0)
            return settings.Config.Version;
        var volumes = string.Concat(Volumes(settings.Config.Profile).Select(volume => volume.ToJsonString()));
        var text = Container(settings, null).ToJsonString() + volumes;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    private static JsonArray Arguments(SidecarSettings settings)
    {
        var arguments = new JsonArray("sidecar", "--discovery", settings.Config.DiscoveryAddress);
        if (settings.Config.Verbosity > 0)
        {
            arguments.Add("--verbosity");
            arguments.Add(settings.Config.Verbosity.ToString(CultureInfo.InvariantCulture));
        }
        return arguments;
    }

    /// <summary>
    /// Returns an environment variable from a field of the pod. It names the apiVersion: if the API server filled it in, a later
    /// server-side apply
    /// of the workload would conflict.
    /// </summary>
    private static JsonObject FromField(string name, string path) => new()
    {
        ["name"] = name,
        ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = path } },
    };

    private static JsonObject Resources(SidecarSettings settings)
    {
        var resources = new JsonObject();
        var given = settings.Resources;
        Add("requests", given.CpuRequest?.Text, given.MemoryRequest?.Text);
        Add("limits", given.CpuLimit?.Text, given.MemoryLimit?.Text);
        return resources;

        void Add(string name, string? cpu, string? memory)
        {
            var amounts = new JsonObject();
            if (cpu is not null)
                amounts["cpu"] = cpu;
            if (memory is not null)
                amounts["memory"] = memory;
            if (amounts.Count > 0)
                resources[name] = amounts;
        }
    }
}
