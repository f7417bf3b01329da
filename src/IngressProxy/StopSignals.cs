using System.Runtime.InteropServices;

namespace Turnpike.IngressProxy;

/// <summary>SIGTERM and SIGINT. The first signal asks the proxy to stop, the second one ends the process at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals() =>
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, On), PosixSignalRegistration.Create(PosixSignal.SIGINT, On)];

    /// <summary>Completes with the first signal.</summary>
    public Task Stop => _stop.Task;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }

    // The second signal keeps its default, which is to end the process.
    private void On(PosixSignalContext context) => context.Cancel = _stop.TrySetResult();
}
