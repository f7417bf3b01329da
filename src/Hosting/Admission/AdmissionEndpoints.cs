using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Serving;

namespace Turnpike.Hosting.Admission;

/// <summary>Serves admission webhooks as minimal-API endpoints.</summary>
public static class AdmissionEndpoints
{
    /// <summary>Registers the limits that all admission endpoints of the server share.</summary>
    public static IServiceCollection AddAdmission(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new AdmissionLimits());
        services.TryAddSingleton<AdmissionGuard>();
        return services;
    }

    /// <summary>Serves AdmissionReviews (v1 and v1beta1) at this path. Needs <see cref="AddAdmission"/>.</summary>
    public static IEndpointConventionBuilder MapAdmission(
        this IEndpointRouteBuilder endpoints, string path, AdmissionHandler handler, AdmissionOptions? options = null)
    {
        var services = endpoints.ServiceProvider;
        var endpoint = new Endpoint(
            path,
            handler,
            options ?? new(),
            services.GetRequiredService<AdmissionGuard>(),
            services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(AdmissionEndpoints).FullName!),
            services.GetRequiredService<TimeProvider>());
        return endpoints.MapPost(path, endpoint.HandleAsync);
    }

    private sealed class Endpoint(
        string path, AdmissionHandler handler, AdmissionOptions options, AdmissionGuard guard, ILogger log, TimeProvider clock)
    {
        private const double PartOfTheTimeout = 0.9;
        private const int LongestTimeout = 30;
        private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

        public async Task HandleAsync(HttpContext context)
        {
            var started = clock.GetTimestamp();
            var result = AdmissionResult.Malformed;
            var peer = PeerAddress.Of(context.Connection.RemoteIpAddress);
            using var deadline = new CancellationTokenSource(TimeoutOf(context.Request) * PartOfTheTimeout, clock);
            using var evicted = new CancellationTokenSource();
            using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, deadline.Token, evicted.Token);
            var review = new Review();
            try
            {
                await ReceiveAsync(review, context.Request, peer, evicted, end.Token);
                (var response, result) = await DecideAsync(review, context, deadline.Token);
                await RespondAsync(context, response, review.ApiVersion, review.Request!.Uid);
            }
            catch (Exception) when (context.RequestAborted.IsCancellationRequested)
            {
                // The API server no longer waits for the response.
            }
            catch (IOException)
            {
                // The connection is gone.
            }
            catch (RequestBody.UnacceptableException e)
            {
                result = e.Status == StatusCodes.Status503ServiceUnavailable ? AdmissionResult.Overloaded : AdmissionResult.Malformed;
                await RefuseAsync(context, peer, e.Status, e.Message);
            }
            catch (FormatException e)
            {
                await RefuseAsync(context, peer, StatusCodes.Status400BadRequest, e.Message);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                result = AdmissionResult.Overloaded;
                const string Message = "the review did not get its turn in time; try again";
                await RefuseAsync(context, peer, StatusCodes.Status503ServiceUnavailable, Message);
            }
            finally
            {
                review.Release();
            }

            Observe(new(path, review.Request, result, clock.GetElapsedTime(started)));
        }

        /// <summary>Reads the body, waits until it is this peer's turn, and parses the body.</summary>
        private async Task ReceiveAsync(
            Review review, HttpRequest request, PeerAddress peer, CancellationTokenSource evicted, CancellationToken ct)
        {
            var share = review.Keep(guard.TryOpen(peer, Cancel(evicted)) ?? throw Busy());
            var body = review.Keep(await RequestBody.ReadAsync(request, options.LargestBody, share, ct));
            review.Keep(await guard.EnterAsync(peer, ct) ?? throw Busy());
            if (!share.TryKeep())
                throw Busy();
            try
            {
                var tokens = ReviewDocument.CountTokens(body.Memory.Span, guard.Limits.Tokens);
                if (!share.TryGrow((long)tokens * ReviewDocument.BytesPerToken))
                    throw Busy();
                var document = review.Keep(ReviewDocument.Parse(body.Memory));
                review.ApiVersion = ReviewDocument.VersionOf(document.RootElement);
                review.Request = AdmissionRequest.Read(
                    document.RootElement.Child("request") ?? throw new FormatException("request: required"));
            }
            catch (InvalidOperationException e)
            {
                // A name or a text in the body is not valid Unicode.
                throw new FormatException($"the body cannot be read: {e.Message}", e);
            }
        }

        private async Task<(AdmissionResponse Response, AdmissionResult Result)> DecideAsync(
            Review review, HttpContext context, CancellationToken deadline)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, deadline);
            var request = review.Request!;
            try
            {
                // The handler runs on its own thread, so that the response is sent at the deadline even when the handler is still busy.
                // What the handler uses is released when it has finished.
                var token = either.Token;
                var deciding = Task.Factory
                    .StartNew(
                        () => handler(request, token).AsTask(),
                        CancellationToken.None,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default)
                    .Unwrap();
                review.ReleaseAfter(deciding);
                var response = await deciding.WaitAsync(token);
                var result = response switch
                {
                    { IsAllowed: false } => AdmissionResult.Denied,
                    { Patch.IsEmpty: false } => AdmissionResult.Patched,
                    _ => AdmissionResult.Allowed,
                };
                return (response, result);
            }
            catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
            {
                var (resource, key) = (SafeText.Of(request.Resource.Name), SafeText.Of($"{request.Namespace}/{request.Name}"));
                Log.AdmissionFailed(log, path, request.Operation, resource, key, SafeText.Of(e));
                var why = deadline.IsCancellationRequested ? "took too long" : "failed";
                return (Fallback(why), AdmissionResult.Failed);
            }
        }

        private AdmissionResponse Fallback(string why) => options.OnFailure == AdmissionFailure.Deny
            ? AdmissionResponse.Denied(
                $"the check at {path} {why}; see the log of the operator, and try again",
                StatusCodes.Status503ServiceUnavailable,
                "ServiceUnavailable")
            : AdmissionResponse.Allowed().With($"the check at {path} {why} and was skipped; see the log of the operator");

        private static RequestBody.UnacceptableException Busy() =>
            new(StatusCodes.Status503ServiceUnavailable, "too many reviews are in flight; try again");

        private static Action Cancel(CancellationTokenSource source) => () =>
        {
            try
            {
                source.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The request has just ended.
            }
        };

        /// <summary>Returns how long the API server waits, as it says in the query. It allows at most 30 seconds.</summary>
        private static TimeSpan TimeoutOf(HttpRequest request) =>
            request.Query["timeout"].ToString() is [.. var number, 's']
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds is > 0 and <= LongestTimeout
                ? TimeSpan.FromSeconds(seconds)
                : DefaultTimeout;

        private static async Task RespondAsync(HttpContext context, AdmissionResponse response, string apiVersion, string uid)
        {
            var buffer = new ArrayBufferWriter<byte>(512 + response.Patch.Length * 4 / 3);
            response.Write(buffer, apiVersion, uid);
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = buffer.WrittenCount;
            await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
        }

        private async Task RefuseAsync(HttpContext context, PeerAddress peer, int status, string message)
        {
            var safe = SafeText.Of(message);
            if (guard.MayLog(peer))
                Log.AdmissionMalformed(log, path, peer, status, safe);
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/plain; charset=utf-8";
            if (status == StatusCodes.Status503ServiceUnavailable)
            {
                Telemetry.Refusals.Add(1, new TagList { { "port", "webhooks" }, { "reason", "busy" } });
                context.Response.Headers.RetryAfter = "1";
            }
            await context.Response.WriteAsync(safe + "\n", context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        private void Observe(AdmissionObservation observation)
        {
            Telemetry.Admissions.Record(
                observation.Duration.TotalSeconds,
                new TagList { { "path", path }, { "result", Enum.GetName(observation.Result)!.ToLowerInvariant() } });
            options.Observed?.Invoke(observation);
        }
    }

    /// <summary>A review in progress, and the resources that it holds until they are no longer used.</summary>
    private sealed class Review
    {
        private readonly Stack<IDisposable> _held = new();
        private Task? _user;

        public string ApiVersion { get; set; } = "";

        public AdmissionRequest? Request { get; set; }

        public T Keep<T>(T held)
            where T : IDisposable
        {
            _held.Push(held);
            return held;
        }

        /// <summary>Postpones the release until this task, which uses what is held, has ended.</summary>
        public void ReleaseAfter(Task user) => _user = user;

        public void Release()
        {
            if (_user is null or { IsCompleted: true })
            {
                ReleaseNow();
                return;
            }
            _user.ContinueWith(
                late =>
                {
                    // The response was sent before this exception was thrown.
                    _ = late.Exception;
                    ReleaseNow();
                },
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default);
        }

        private void ReleaseNow()
        {
            while (_held.TryPop(out var held))
                held.Dispose();
        }
    }
}
