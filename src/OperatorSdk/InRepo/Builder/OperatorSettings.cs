namespace KubeOps.Abstractions.Builder;

/// <summary>The settings of a built operator.</summary>
public sealed record OperatorSettings
{
    public string Name { get; init; } = OperatorSettingsBuilder.DefaultName;
}

/// <summary>The settings while they are being made.</summary>
public sealed class OperatorSettingsBuilder
{
    internal const string DefaultName = "kubernetesoperator";

    public string Name { get; set; } = DefaultName;

    public OperatorSettings Build() => new() { Name = Name };
}
