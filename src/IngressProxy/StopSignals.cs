using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Turnpike.IngressProxy;

/// <summary>SIGTERM and SIGINT: the first asks the proxy to stop, the second ends the process at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ILogger _logger;
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals(ILogger logger)
    {
        _logger = logger;
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, On), PosixSignalRegistration.Create(PosixSignal.SIGINT, On)];
    }

    /// <summary>Completes with the first signal.</summary>
    public Task Stop => _stop.Task;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }

    private void On(PosixSignalContext context)
    {
        // The second one is left to its default, which is to end the process.
        context.Cancel = _stop.TrySetResult();
        if (!context.Cancel)
            _logger.StoppedAtOnce();
    }
}
