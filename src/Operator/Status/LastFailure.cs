namespace Turnpike.Operator.Status;

/// <summary>The failure that a task saw last, so that one which is repeated at every attempt is logged once.</summary>
internal sealed class LastFailure
{
    private string? _message;

    /// <summary>Returns whether the failure differs from the last one.</summary>
    public bool IsNew(string message)
    {
        var isNew = message != _message;
        _message = message;
        return isNew;
    }

    /// <summary>Ends the failure after a success.</summary>
    public void Clear() => _message = null;
}
