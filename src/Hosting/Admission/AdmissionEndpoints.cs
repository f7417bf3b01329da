using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting.Api;

namespace Turnpike.Hosting.Admission;

/// <summary>Admission webhooks as endpoints.</summary>
public static class AdmissionEndpoints
{
    /// <summary>Answers AdmissionReviews (v1 and v1beta1) at this path.</summary>
    public static IEndpointConventionBuilder MapAdmission(
        this IEndpointRouteBuilder endpoints, string path, AdmissionHandler handler, AdmissionOptions? options = null)
    {
        var services = endpoints.ServiceProvider;
        var endpoint = new Endpoint(
            path,
            handler,
            options ?? new(),
            services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(AdmissionEndpoints).FullName!),
            services.GetService<TimeProvider>() ?? TimeProvider.System);
        return endpoints.MapPost(path, endpoint.HandleAsync);
    }

    private sealed class Endpoint(string path, AdmissionHandler handler, AdmissionOptions options, ILogger log, TimeProvider clock)
    {
        private const double PartOfTheTimeout = 0.9;
        private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);
        private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1000 };

        public async Task HandleAsync(HttpContext context)
        {
            var started = clock.GetTimestamp();
            AdmissionRequest? request = null;
            var result = AdmissionResult.Malformed;
            try
            {
                using var body = await RequestBody.ReadAsync(context.Request, options.LargestBody);
                using var review = Parse(body.Memory);
                var apiVersion = VersionOf(review.RootElement);
                request = AdmissionRequest.Read(review.RootElement.Child("request") ?? throw new FormatException("request: required"));
                (var response, result) = await DecideAsync(request, context);
                await AnswerAsync(context, response, apiVersion, request.Uid);
            }
            catch (Exception) when (context.RequestAborted.IsCancellationRequested)
            {
                // Nobody is waiting for an answer any more.
            }
            catch (RequestBody.UnacceptableException e)
            {
                await RefuseAsync(context, e.Status, e.Message);
            }
            catch (Exception e) when (e is FormatException or JsonException)
            {
                await RefuseAsync(context, StatusCodes.Status400BadRequest, e.Message);
            }

            Observe(new(path, request, result, clock.GetElapsedTime(started)));
        }

        private static JsonDocument Parse(ReadOnlyMemory<byte> body)
        {
            try
            {
                return JsonDocument.Parse(body, Deep);
            }
            catch (JsonException e)
            {
                throw new FormatException($"the body is not JSON: {e.Message}", e);
            }
        }

        private static string VersionOf(JsonElement review)
        {
            var version = review.Text("apiVersion");
            return version is "admission.k8s.io/v1" or "admission.k8s.io/v1beta1" && review.Text("kind") == "AdmissionReview"
                ? version
                : throw new FormatException(
                    $"not an AdmissionReview of admission.k8s.io/v1 or v1beta1 but \"{version}\" \"{review.Text("kind")}\"");
        }

        private async Task<(AdmissionResponse Response, AdmissionResult Result)> DecideAsync(AdmissionRequest request, HttpContext context)
        {
            using var deadline = new CancellationTokenSource(TimeoutOf(context.Request) * PartOfTheTimeout, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, deadline.Token);
            try
            {
                var response = await handler(request, either.Token);
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
                Log.AdmissionFailed(log, e, path, request.Operation, request.Resource.Name, new(request.Namespace, request.Name));
                var why = deadline.IsCancellationRequested ? "took too long" : "failed";
                return (Fallback(why), AdmissionResult.Failed);
            }
        }

        private AdmissionResponse Fallback(string why) => options.OnFailure == AdmissionFailure.Deny
            ? AdmissionResponse.Denied(
                $"the check at {path} {why}, its log says why; try again", StatusCodes.Status503ServiceUnavailable, "ServiceUnavailable")
            : AdmissionResponse.Allowed().With($"the check at {path} {why} and was skipped, its log says why");

        /// <summary>The API server says how long it will wait.</summary>
        private static TimeSpan TimeoutOf(HttpRequest request) =>
            request.Query["timeout"].ToString() is [.. var number, 's']
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds is > 0 and <= 300
                ? TimeSpan.FromSeconds(seconds)
                : DefaultTimeout;

        private static async Task AnswerAsync(HttpContext context, AdmissionResponse response, string apiVersion, string uid)
        {
            var buffer = new ArrayBufferWriter<byte>(512 + response.Patch.Length * 4 / 3);
            response.Write(buffer, apiVersion, uid);
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = buffer.WrittenCount;
            await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
        }

        private async Task RefuseAsync(HttpContext context, int status, string message)
        {
            Log.AdmissionMalformed(log, path, status, message);
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync(message + "\n", context.RequestAborted);
        }

        private void Observe(AdmissionObservation observation)
        {
            Telemetry.Admissions.Record(
                observation.Duration.TotalSeconds,
                new TagList { { "path", path }, { "result", Enum.GetName(observation.Result)!.ToLowerInvariant() } });
            options.Observed?.Invoke(observation);
        }
    }
}
