namespace KubeOps.Abstractions.Entities;

public enum EntityScope
{
    Namespaced,
    Cluster,
}

/// <summary>Where <c>kubectl get</c> shows a column.</summary>
public enum PrinterColumnPriority
{
    StandardView,

    /// <summary>With <c>-o wide</c> only.</summary>
    WideView,
}
