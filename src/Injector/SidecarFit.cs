using System.Text.Json.Nodes;
using Turnpike.Injector.Config;

namespace Turnpike.Injector;

/// <summary>Adapts a sidecar's requests and limits to the limits of its namespace.</summary>
/// <param name="Resources">The adapted requests and limits.</param>
/// <param name="Notes">A sentence for each change, with the reason.</param>
/// <param name="Obstacle">The reason why the sidecar does not fit; null if it fits.</param>
internal sealed record SidecarFit(ProxyResources Resources, IReadOnlyList<string> Notes, string? Obstacle)
{
    /// <summary>
    /// The least memory with which the proxy runs. A pod without a sidecar is better than one whose sidecar is killed over and over.
    /// </summary>
    private static readonly Quantity LeastMemory = Quantity.Of("32Mi");

    /// <summary>The least CPU, which is requested if a quota has less left than is wanted.</summary>
    private static readonly Quantity LeastCpu = Quantity.Of("1m");

    /// <summary>Adapts the requests and limits.</summary>
    /// <param name="wanted">The requests and limits by the settings and the pod's annotations.</param>
    /// <param name="podSpec">The pod before injection, for the sums over its containers.</param>
    /// <param name="limits">The limits of the namespace.</param>
    /// <param name="countsQuota">Whether the remaining amounts of quotas matter, as they do for pods but not for templates.</param>
    public static SidecarFit Of(ProxyResources wanted, JsonNode? podSpec, ResourceConstraints limits, bool countsQuota)
    {
        var cpu = new Amounts(ResourceNames.Cpu, wanted.CpuRequest, wanted.CpuLimit, LeastCpu, podSpec);
        var memory = new Amounts(ResourceNames.Memory, wanted.MemoryRequest, wanted.MemoryLimit, LeastMemory, podSpec);
        var obstacle = cpu.Fit(limits, countsQuota) ?? memory.Fit(limits, countsQuota);
        var fitted = new ProxyResources
        {
            CpuRequest = cpu.Request,
            CpuLimit = cpu.Limit,
            MemoryRequest = memory.Request,
            MemoryLimit = memory.Limit,
        };
        return new SidecarFit(fitted, [.. cpu.Notes, .. memory.Notes], obstacle);
    }

    /// <summary>The request and the limit of one resource while they are adapted.</summary>
    private sealed class Amounts(string resource, Quantity? request, Quantity? limit, Quantity least, JsonNode? podSpec)
    {
        private readonly Quantity? _wantedRequest = request;
        private readonly Quantity? _wantedLimit = limit;

        /// <summary>
        /// Whether the pod itself sets an amount for all its containers together, which the amounts of its containers must not exceed.
        /// </summary>
        private readonly bool _isShared =
            new[] { "requests", "limits" }.Any(what => Json.At(podSpec, ["resources", what, resource]) is not null);

        private string? _requestReason;
        private string? _limitReason;

        public Quantity? Request { get; private set; } = request;

        public Quantity? Limit { get; private set; } = limit;

        public IEnumerable<string> Notes => _isShared && (_wantedRequest ?? _wantedLimit) is not null
            ? [$"the sidecar requests no {resource} of its own, because the pod's spec.resources applies to all its containers"]
            : [.. Note("request", _wantedRequest, Request, _requestReason), .. Note("limit", _wantedLimit, Limit, _limitReason)];

        /// <summary>Adapts request and limit. Returns the reason why they do not fit, or null.</summary>
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
            var obstacles = ranges.Select(Obstacle).Concat(countsQuota ? quotas.Select(Obstacle) : []);
            if (obstacles.FirstOrDefault(found => found is not null) is { } obstacle)
                return obstacle;
            return resource == ResourceNames.Memory && Limit?.Amount < least.Amount
                ? $"the proxy needs {least.Text} of memory and may have only {Limit.Text}"
                : null;
        }

        /// <summary>
        /// Sets a request or limit where the namespace requires one. It takes the namespace's default, or the least amount.
        /// </summary>
        private void Complete(List<ContainerRange> ranges, List<Quota> quotas)
        {
            var limiting = ranges.FirstOrDefault(range => range.Max is not null || range.Ratio is not null)?.Source
                ?? quotas.FirstOrDefault(quota => quota.IsLimit)?.Source;
            if (Limit is null && limiting is not null)
            {
                // The API server sets the default to the maximum if a LimitRange has only that.
                var standard = ranges
                    .Where(range => !range.OfPod)
                    .Select(range => range.Default ?? range.Max)
                    .FirstOrDefault(amount => amount is not null && amount.Amount >= (Request?.Amount ?? 0));
                SetLimit(standard ?? Request ?? least, $"{limiting} requires one");
            }
            var requesting = ranges.FirstOrDefault(range => range.Min is not null || range.Ratio is not null)?.Source
                ?? quotas.FirstOrDefault(quota => !quota.IsLimit)?.Source;
            if (Request is null && requesting is not null)
                SetRequest(Limit ?? least, $"{requesting} requires one");
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
                // A request above the largest limit shrinks to it; a limit below the least request grows to that.
                if (range.Max is not null && range.Max.Amount <= now.Amount + limited)
                    SetRequest(most, $"{range.Source} allows no more");
                else
                    SetLimit(now, $"{range.Source} allows no less");
            }
            // The ratio of a pod is that of its sums, which the user's containers determine for the most part.
            if (!range.OfPod && range.Ratio is { } ratio && Request is { } low && Limit is { } high && high.Amount > low.Amount * ratio)
                SetRequest(Whole(Math.Ceiling, high.Amount / ratio), $"{range.Source} requires it to be closer to the limit");
        }

        private void Leave(Quota quota)
        {
            var left = quota.Left - Sum(quota.IsLimit ? "limits" : "requests");
            if ((quota.IsLimit ? Limit : Request) is not { } current || current.Amount <= left || left < least.Amount)
                return;
            if (!quota.IsLimit)
            {
                // The sidecar requests the least amount, so that something is left for the next pod.
                SetRequest(least, $"{quota.Source} leaves too little for more");
                return;
            }
            SetLimit(Whole(Math.Floor, left), $"{quota.Source} leaves no more");
            if (Request is { } request && request.Amount > Limit!.Amount)
                SetRequest(Limit, $"{quota.Source} leaves no more");
        }

        /// <summary>Checks the result, because one range may require what another forbids.</summary>
        private string? Obstacle(ContainerRange range)
        {
            var (requested, limited) = Others(range);
            var subject = range.OfPod ? "a pod" : "a container";
            if (range.Max is { } max && Limit is { } limit && limit.Amount + limited > max.Amount)
                return $"{range.Source} allows {subject} no more {resource} than {max.Text}, which leaves nothing for the sidecar";
            if (range.Min is { } min && Request is { } request && request.Amount + requested < min.Amount)
                return $"{range.Source} allows {subject} no less {resource} than {min.Text}, and the sidecar may request only {request.Text}";
            // The API server checks a pod's ratio, which the user's containers determine.
            return !range.OfPod && range.Ratio is { } ratio && Request is { } low && Limit is { } high && high.Amount > low.Amount * ratio * (1 + 1e-9)
                ? FormattableString.Invariant($"{range.Source} allows a limit of {resource} of at most {ratio} times the request, ")
                    + $"and the sidecar may request only {low.Text}"
                : null;
        }

        private string? Obstacle(Quota quota) =>
            ((quota.IsLimit ? Limit : Request)?.Amount ?? 0) + Sum(quota.IsLimit ? "limits" : "requests") > quota.Left
                ? $"{quota.Source} leaves too little {resource} for a sidecar beside the pod's own containers"
                : null;

        private void SetRequest(Quantity amount, string reason) => (Request, _requestReason) = (amount, reason);

        private void SetLimit(Quantity amount, string reason) => (Limit, _limitReason) = (amount, reason);

        private IEnumerable<string> Note(string what, Quantity? before, Quantity? after, string? reason) =>
            after is null || before?.Amount == after.Amount
                ? []
                : [$"the sidecar's {resource} {what} is {after.Text}{(before is null ? "" : $" instead of {before.Text}")}: {reason}"];

        /// <summary>Returns an amount in whole millicores or mebibytes, the units that people write.</summary>
        private Quantity Whole(Func<double, double> round, double amount)
        {
            var (unit, suffix) = resource == ResourceNames.Cpu ? (0.001, "m") : (1024.0 * 1024, "Mi");
            return Quantity.Of(FormattableString.Invariant($"{Math.Max(1, round(Math.Round(amount / unit, 6))):0}{suffix}"));
        }

        /// <summary>Returns the amounts that a range counts in addition to the sidecar's.</summary>
        private (double Requests, double Limits) Others(ContainerRange range) => range.OfPod ? (Sum("requests"), Sum("limits")) : (0, 0);

        /// <summary>Returns the sum over the pod's own containers. A container with only a limit requests that amount.</summary>
        private double Sum(string what) =>
            (Json.Member(podSpec, "containers") as JsonArray ?? []).Sum(container => Amount(container, what));

        private double Amount(JsonNode? container, string what)
        {
            var text = Json.Text(Json.At(container, ["resources", what, resource]));
            if (text is null && what == "requests")
                text = Json.Text(Json.At(container, ["resources", "limits", resource]));
            return text is null ? 0 : Quantity.Parse(text)?.Amount ?? 0;
        }
    }
}
