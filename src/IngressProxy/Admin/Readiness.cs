namespace Turnpike.IngressProxy.Admin;

/// <summary>Whether clients should be sent to this proxy.</summary>
internal sealed class Readiness
{
    private volatile bool _hasTable;
    private volatile bool _draining;

    /// <summary>Null where ready.</summary>
    public string? NotReadyReason => _draining ? "draining" : _hasTable ? null : "no route table yet";

    public void TableLoaded() => _hasTable = true;

    public void BeginDraining() => _draining = true;
}
