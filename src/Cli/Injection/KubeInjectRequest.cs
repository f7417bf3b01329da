using Turnpike.Api;
using Turnpike.Cli.Cluster;
using Turnpike.Injector.Config;

namespace Turnpike.Cli.Injection;

/// <summary>One call of kube-inject. What is null was not given and leaves the configuration as it is.</summary>
/// <param name="File">The manifest, <c>-</c> for standard input.</param>
/// <param name="Namespace">Of objects that name none.</param>
internal sealed record KubeInjectRequest(string File, string Namespace)
{
    /// <summary>Of the installation where the cluster does not say.</summary>
    public Profile Profile { get; init; } = Profile.Istio2017;

    public string? OutputFile { get; init; }

    public bool Diff { get; init; }

    public string? ConfigFile { get; init; }

    /// <summary>What the cluster says; it counts where <see cref="ConfigFile"/> is not given.</summary>
    public ClusterInjection? Cluster { get; init; }

    public string? Image { get; init; }

    public string? ImagePullPolicy { get; init; }

    public long? ProxyUid { get; init; }

    public int? Verbosity { get; init; }

    public string? Version { get; init; }

    public NativeSidecar? NativeSidecar { get; init; }

    /// <summary>Given options of 2017 that change nothing.</summary>
    public IReadOnlyList<string> IdleOptions { get; init; } = [];
}
