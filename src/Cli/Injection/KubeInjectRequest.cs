using Turnpike.Api;
using Turnpike.Cli.Cluster;
using Turnpike.Injector.Config;

namespace Turnpike.Cli.Injection;

/// <summary>One call of kube-inject. An option that is null was not given and leaves the configuration unchanged.</summary>
/// <param name="File">The manifest, or <c>-</c> for standard input.</param>
/// <param name="Namespace">The namespace of objects that name none.</param>
internal sealed record KubeInjectRequest(string File, string Namespace)
{
    /// <summary>The profile of the installation if the cluster does not tell it.</summary>
    public Profile Profile { get; init; } = Profile.Istio2017;

    public string? OutputFile { get; init; }

    public bool Diff { get; init; }

    public string? ConfigFile { get; init; }

    /// <summary>The settings of the cluster, which apply if <see cref="ConfigFile"/> is not given.</summary>
    public ClusterInjection? Cluster { get; init; }

    public string? Image { get; init; }

    public string? ImagePullPolicy { get; init; }

    public long? ProxyUid { get; init; }

    public int? Verbosity { get; init; }

    public string? Version { get; init; }

    public NativeSidecar? NativeSidecar { get; init; }

    /// <summary>The options of 2017 that were given and have no effect.</summary>
    public IReadOnlyList<string> IdleOptions { get; init; } = [];
}
