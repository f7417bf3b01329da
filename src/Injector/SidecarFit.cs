using System.Text.Json.Nodes;
using Turnpike.Injector.Config;

namespace Turnpike.Injector;

/// <summary>How a sidecar's requests and limits come to fit what its namespace allows.</summary>
/// <param name="Resources">What it asks for then.</param>
/// <param name="Notes">What was changed and why, one sentence each.</param>
/// <param name="Obstacle">Why it cannot be made to fit; null where it can.</param>
internal sealed record SidecarFit(ProxyResources Resources, IReadOnlyList<string> Notes, string? Obstacle)
{
    /// <summary>
    /// With less memory than this the proxy does not run. A pod without a sidecar is better off than one whose sidecar is ended again and
    /// again.
    /// </summary>
    private static readonly Quantity LeastMemory = Quantity.Of("32Mi");

    /// <summary>The least CPU that is asked for where a quota leaves less than is wanted.</summary>
    private static readonly Quantity LeastCpu = Quantity.Of("1m");

    /// <param name="wanted">What the settings and the pod's annotations say.</param>
    /// <param name="podSpec">The pod before injection, for sums.</param>
    /// <param name="limits">Those of the namespace.</param>
    /// <param name="countsQuota">Whether what is left of quotas matters: for pods, not for templates.</param>
    public static SidecarFit Of(ProxyResources wanted, JsonNode? podSpec, ResourceConstraints limits, bool countsQuota)
    {
        var cpu = new Amounts(ResourceNames.Cpu, wanted.CpuRequest, wanted.CpuLimit, LeastCpu, podSpec);
        var memory = new Amounts(ResourceNames.Memory, wanted.MemoryRequest, wanted.MemoryLimit, LeastMemory, podSpec);
        var obstacle = cpu.Fit(limits, countsQuota) ?? memory.Fit(limits, countsQuota);
        var fitted = new ProxyResources { CpuRequest = cpu.Request, CpuLimit = cpu.Limit, MemoryRequest = memory.Request, MemoryLimit = memory.Limit };
        return new SidecarFit(fitted, [.. cpu.Notes, .. memory.Notes], obstacle);
    }

    /// <summary>Request and limit of one resource, on their way to what is allowed.</summary>
    private sealed class Amounts(string resource, Quantity? request, Quantity? limit, Quantity least, JsonNode? podSpec)
    {
        private readonly Quantity? _wantedRequest = request;
        private readonly Quantity? _wantedLimit = limit;

        /// <summary>Whether the pod itself has an amount of it, for all its containers together: those of its containers must not exceed that.</summary>
        private readonly bool _isShared = new[] { "requests", "limits" }.Any(what => Json.At(podSpec, ["resources", what, resource]) is not null);

        private string? _requestReason;
        private string? _limitReason;

        public Quantity? Request { get; private set; } = request;

        public Quantity? Limit { get; private set; } = limit;

        public IEnumerable<string> Notes => _isShared && (_wantedRequest ?? _wantedLimit) is not null
            ? [$"the sidecar asks for no {resource} of its own: the pod's spec.resources counts for all its containers"]
            : [.. Note("request", _wantedRequest, Request, _requestReason), .. Note("limit", _wantedLimit, Limit, _limitReason)];

        /// <summary>Returns what is in the way, or null.</summary>
        public string? Fit(ResourceConstraints limits, bool countsQuota)
        {
            if (_isShared)
            {
                (Request, Limit) = (null, null);
                return null;
            }
            var ranges = limits.Ranges.Where(range => range.Resource == resource).ToList();
            var quotas = limits.Quotas.Where(quota => quota.Resource == resource).ToList();
            Complete(ranges, quotas);
            foreach (var range in ranges)
                Narrow(range);
            if (countsQuota)
                quotas.ForEach(Leave);
            return ranges.Select(Obstacle).Concat(countsQuota ? quotas.Select(Obstacle) : []).FirstOrDefault(obstacle => obstacle is not null)
                ?? (resource == ResourceNames.Memory && Limit?.Amount < least.Amount ? $"the proxy does not run with {Limit.Text} of memory, which is all that it may have; it needs {least.Text}" : null);
        }

        /// <summary>A container must say what is limited or counted: where it does not, it takes the namespace's default, or as little as it may.</summary>
        private void Complete(List<ContainerRange> ranges, List<Quota> quotas)
        {
            var limiting = ranges.FirstOrDefault(range => range.Max is not null || range.Ratio is not null)?.Source ?? quotas.FirstOrDefault(quota => quota.IsLimit)?.Source;
            if (Limit is null && limiting is not null)
            {
                // The API server sets the default to the maximum where a LimitRange names that alone.
                var standard = ranges.Where(range => !range.OfPod).Select(range => range.Default ?? range.Max).FirstOrDefault(amount => amount is not null && amount.Amount >= (Request?.Amount ?? 0));
                SetLimit(standard ?? Request ?? least, $"{limiting} wants one");
            }
            var requesting = ranges.FirstOrDefault(range => range.Min is not null || range.Ratio is not null)?.Source ?? quotas.FirstOrDefault(quota => !quota.IsLimit)?.Source;
            if (Request is null && requesting is not null)
                SetRequest(Limit ?? least, $"{requesting} wants one");
        }

        private void Narrow(ContainerRange range)
        {
            var (requested, limited) = Others(range);
            if (range.Max is { } max && Limit is { } given && given.Amount + limited > max.Amount && max.Amount > limited)
                SetLimit(limited == 0 ? max : Whole(Math.Floor, max.Amount - limited), $"{range.Source} allows no more");
            if (range.Min is { } min && Request is { } asked && asked.Amount + requested < min.Amount)
                SetRequest(requested == 0 ? min : Whole(Math.Ceiling, min.Amount - requested), $"{range.Source} allows no less");
            if (Request is { } now && Limit is { } most && now.Amount > most.Amount)
            {
                // A request above the highest limit shrinks with it; a limit below the least request grows with that.
                if (range.Max is not null && range.Max.Amount <= now.Amount + limited)
                    SetRequest(most, $"{range.Source} allows no more");
                else
                    SetLimit(now, $"{range.Source} allows no less");
            }
            // The ratio of a pod is that of its sums, which are the user's doing for the greater part.
            if (!range.OfPod && range.Ratio is { } ratio && Request is { } low && Limit is { } high && high.Amount > low.Amount * ratio)
                SetRequest(Whole(Math.Ceiling, high.Amount / ratio), $"{range.Source} wants it closer to the limit");
        }

        private void Leave(Quota quota)
        {
            var left = quota.Left - Sum(quota.IsLimit ? "limits" : "requests");
            if ((quota.IsLimit ? Limit : Request) is not { } current || current.Amount <= left || left < least.Amount)
                return;
            if (!quota.IsLimit)
            {
                // As little as it may, so that something is left for the next pod.
                SetRequest(least, $"{quota.Source} leaves too little for more");
                return;
            }
            SetLimit(Whole(Math.Floor, left), $"{quota.Source} leaves no more");
            if (Request is { } request && request.Amount > Limit!.Amount)
                SetRequest(Limit, $"{quota.Source} leaves no more");
        }

        /// <summary>Looks once more: what one line asked for may be what another forbids.</summary>
        private string? Obstacle(ContainerRange range)
        {
            var (requested, limited) = Others(range);
            var subject = range.OfPod ? "a pod" : "a container";
            if (range.Max is { } max && Limit is { } limit && limit.Amount + limited > max.Amount)
                return $"{range.Source} allows {subject} no more {resource} than {max.Text}, which leaves nothing for the sidecar";
            if (range.Min is { } min && Request is { } request && request.Amount + requested < min.Amount)
                return $"{range.Source} allows {subject} no less {resource} than {min.Text}, and {request.Text} is all that the sidecar may ask for";
            // A pod's ratio is judged by the API server: with or without a sidecar it is the user's.
            return !range.OfPod && range.Ratio is { } ratio && Request is { } low && Limit is { } high && high.Amount > low.Amount * ratio * (1 + 1e-9)
                ? FormattableString.Invariant($"{range.Source} wants a limit of {resource} to be no more than {ratio} times the request, and {low.Text} is all that the sidecar may ask for")
                : null;
        }

        private string? Obstacle(Quota quota) =>
            ((quota.IsLimit ? Limit : Request)?.Amount ?? 0) + Sum(quota.IsLimit ? "limits" : "requests") > quota.Left
                ? $"{quota.Source} leaves too little {resource} for a sidecar beside the pod's own containers"
                : null;

        private void SetRequest(Quantity amount, string reason) => (Request, _requestReason) = (amount, reason);

        private void SetLimit(Quantity amount, string reason) => (Limit, _limitReason) = (amount, reason);

        private IEnumerable<string> Note(string what, Quantity? before, Quantity? after, string? reason) =>
            after is null || before?.Amount == after.Amount ? [] : [$"the sidecar's {resource} {what} is {after.Text}{(before is null ? "" : $" in place of {before.Text}")}: {reason}"];

        /// <summary>An amount in whole millicores or mebibytes, the units that people write.</summary>
        private Quantity Whole(Func<double, double> round, double amount)
        {
            var (unit, suffix) = resource == ResourceNames.Cpu ? (0.001, "m") : (1024.0 * 1024, "Mi");
            return Quantity.Of(FormattableString.Invariant($"{Math.Max(1, round(Math.Round(amount / unit, 6))):0}{suffix}"));
        }

        /// <summary>What a range counts beside the sidecar.</summary>
        private (double Requests, double Limits) Others(ContainerRange range) => range.OfPod ? (Sum("requests"), Sum("limits")) : (0, 0);

        /// <summary>What the pod's own containers ask for in sum. A container that names a limit alone requests as much.</summary>
        private double Sum(string what) => (Json.Member(podSpec, "containers") as JsonArray ?? []).Sum(container => Amount(container, what));

        private double Amount(JsonNode? container, string what)
        {
            var text = Json.Text(Json.At(container, ["resources", what, resource])) ?? (what == "requests" ? Json.Text(Json.At(container, ["resources", "limits", resource])) : null);
            return text is null ? 0 : Quantity.Parse(text)?.Amount ?? 0;
        }
    }
}
