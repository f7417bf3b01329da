using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Discovery;
using Turnpike.Hosting.Certificates;
using Turnpike.Hosting.Client;
using Turnpike.Operator.Manifests;

namespace Turnpike.Operator;

/// <summary>
/// Tests admission from end to end: in a dry run through the API server, an invalid rule must be refused by the webhook, and a marked pod
/// must be injected. It runs every minute, and twice a second while it fails.
/// </summary>
internal sealed class SelfTest(
    KubeApi api, Profile profile, IServingCertificates certificates, ILogger<SelfTest> log, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan WhilePassing = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan WhileFailing = TimeSpan.FromMilliseconds(500);

    private volatile string _failure = "the self-test has not run yet";

    /// <summary>Why admission does not work; empty when it does.</summary>
    public string Failure => _failure;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var failure = await RunAsync(stoppingToken);
            if (failure != _failure)
            {
                if (failure.Length == 0)
                    log.SelfTestPassed();
                else if (certificates.IsReady)
                    log.SelfTestFailed(failure);
            }
            _failure = failure;
            var interval = failure.Length == 0 ? WhilePassing : WhileFailing;
            await Task.Delay(interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<string> RunAsync(CancellationToken ct)
    {
        if (!certificates.IsReady)
            return $"certificates: {certificates.Readiness.Reason}";
        try
        {
            return await BadRuleFailure(ct) ?? await MarkedPodFailure(ct) ?? "";
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return e.Message;
        }
        catch (OperationCanceledException)
        {
            return _failure;
        }
    }

    private async Task<string?> BadRuleFailure(CancellationToken ct)
    {
        var rule = KubeYaml.Object($"""
            apiVersion: {Names.GroupVersion}
            kind: {Kinds.RouteRule}
            metadata:
              generateName: self-test-
              namespace: {profile.SelfTestNamespace}
            spec:
              destination:
                name: self-test
              route:
              - weight: 60
              - weight: 30
            """);
        try
        {
            await api.CreateAsync(CustomResources.RouteRules, profile.SelfTestNamespace, rule, new WriteOptions { DryRun = true }, ct);
            return "the API server accepts an invalid RouteRule";
        }
        catch (KubeStatusException e) when (e.Message.Contains("weights must total 100", StringComparison.Ordinal))
        {
            return null;
        }
    }

    // The pod names its ServiceAccount, because the sidecar's token needs one and not every API server sets it in a dry run.
    private async Task<string?> MarkedPodFailure(CancellationToken ct)
    {
        var pod = KubeYaml.Object($"""
            apiVersion: v1
            kind: Pod
            metadata:
              generateName: self-test-
              namespace: {profile.SelfTestNamespace}
              annotations:
                {profile.InjectAnnotation}: "true"
            spec:
              serviceAccountName: default
              automountServiceAccountToken: false
              containers:
              - name: app
                image: none
                securityContext:
                  allowPrivilegeEscalation: false
                  runAsNonRoot: true
                  seccompProfile:
                    type: RuntimeDefault
                  capabilities:
                    drop: [ALL]
            """);
        var created = await api.CreateAsync(KnownResources.Pods, profile.SelfTestNamespace, pod, new WriteOptions { DryRun = true }, ct);
        var spec = created.Child("spec");
        var containers = new[] { spec?.Child("containers"), spec?.Child("initContainers") }
            .Where(list => list is { ValueKind: JsonValueKind.Array })
            .SelectMany(list => list!.Value.EnumerateArray());
        return containers.Any(c => c.Text("name") == profile.ProxyContainer)
            ? null
            : "the API server accepts a marked pod without a sidecar";
    }
}
