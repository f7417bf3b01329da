namespace KubeOps.Abstractions.Builder;

/// <summary>Who of several replicas reconciles.</summary>
public enum LeaderElectionType
{
    /// <summary>Every one.</summary>
    None = 0,

    /// <summary>One at a time.</summary>
    Single = 1,
}

/// <summary>The settings of a built operator.</summary>
public sealed record OperatorSettings
{
    public string Name { get; init; } = OperatorSettingsBuilder.DefaultName;

    public string? Namespace { get; init; }

    public LeaderElectionType LeaderElectionType { get; init; }

    public TimeSpan LeaderElectionLeaseDuration { get; init; } = OperatorSettingsBuilder.DefaultLeaseDuration;

    public TimeSpan LeaderElectionRenewDeadline { get; init; } = OperatorSettingsBuilder.DefaultRenewDeadline;

    public TimeSpan LeaderElectionRetryPeriod { get; init; } = OperatorSettingsBuilder.DefaultRetryPeriod;
}

/// <summary>The settings while they are being made.</summary>
public sealed class OperatorSettingsBuilder
{
    internal const string DefaultName = "kubernetesoperator";
    internal static readonly TimeSpan DefaultLeaseDuration = TimeSpan.FromSeconds(15);
    internal static readonly TimeSpan DefaultRenewDeadline = TimeSpan.FromSeconds(10);
    internal static readonly TimeSpan DefaultRetryPeriod = TimeSpan.FromSeconds(2);

    /// <summary>Names the operator in events and in its Lease.</summary>
    public string Name { get; set; } = DefaultName;

    /// <summary>The namespace whose entities are watched; null for all.</summary>
    public string? Namespace { get; set; }

    public LeaderElectionType LeaderElectionType { get; set; }

    public TimeSpan LeaderElectionLeaseDuration { get; set; } = DefaultLeaseDuration;

    public TimeSpan LeaderElectionRenewDeadline { get; set; } = DefaultRenewDeadline;

    public TimeSpan LeaderElectionRetryPeriod { get; set; } = DefaultRetryPeriod;

    public OperatorSettings Build() => new()
    {
        Name = Name,
        Namespace = Namespace,
        LeaderElectionType = LeaderElectionType,
        LeaderElectionLeaseDuration = LeaderElectionLeaseDuration,
        LeaderElectionRenewDeadline = LeaderElectionRenewDeadline,
        LeaderElectionRetryPeriod = LeaderElectionRetryPeriod,
    };
}
