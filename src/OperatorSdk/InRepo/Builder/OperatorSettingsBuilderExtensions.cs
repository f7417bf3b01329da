namespace KubeOps.Abstractions.Builder;

/// <summary>The settings in a row.</summary>
public static class OperatorSettingsBuilderExtensions
{
    public static OperatorSettingsBuilder WithName(this OperatorSettingsBuilder builder, string name)
    {
        builder.Name = name;
        return builder;
    }

    public static OperatorSettingsBuilder WithNamespace(this OperatorSettingsBuilder builder, string? ns)
    {
        builder.Namespace = ns;
        return builder;
    }

    public static OperatorSettingsBuilder WithLeaderElection(this OperatorSettingsBuilder builder, LeaderElectionType type)
    {
        builder.LeaderElectionType = type;
        return builder;
    }

    public static OperatorSettingsBuilder WithLeaderElectionTimings(
        this OperatorSettingsBuilder builder, TimeSpan leaseDuration, TimeSpan renewDeadline, TimeSpan retryPeriod)
    {
        builder.LeaderElectionLeaseDuration = leaseDuration;
        builder.LeaderElectionRenewDeadline = renewDeadline;
        builder.LeaderElectionRetryPeriod = retryPeriod;
        return builder;
    }
}
