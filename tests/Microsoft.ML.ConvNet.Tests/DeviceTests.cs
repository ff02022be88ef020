using Microsoft.ML.Runtime;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Where a training runs, and what is said where that is not where it should. No machine has a GPU 99.</summary>
public class DeviceTests
{
    private const int Missing = 99;

    [Fact]
    public void A_context_without_a_GPU_trains_on_the_CPU()
    {
        var (ml, log) = Context();
        Fit(ml, Pipelines.Quick());
        Assert.DoesNotContain(log, m => m.Message.Contains("GPU", StringComparison.Ordinal));
    }

    [Fact]
    public void A_GPU_of_the_context_that_is_not_there_is_replaced_by_the_CPU_with_a_warning()
    {
        var (ml, log) = Context();
        (ml.GpuDeviceId, ml.FallbackToCpu) = (Missing, true);
        Fit(ml, Pipelines.Quick());
        var warning = Assert.Single(log, m => m.Kind == ChannelMessageKind.Warning);
        Assert.Contains("Training on the CPU. There is no GPU", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_fallback_a_missing_GPU_is_an_error()
    {
        var (ml, _) = Context();
        (ml.GpuDeviceId, ml.FallbackToCpu) = (Missing, false);
        Messages.AssertSays(Assert.ThrowsAny<Exception>(() => Fit(ml, Pipelines.Quick())), "There is no GPU");
    }

    [Fact]
    public void The_options_go_before_the_context()
    {
        var (ml, log) = Context();
        (ml.GpuDeviceId, ml.FallbackToCpu) = (Missing, false);
        var options = Pipelines.Quick();
        options.Device = ConvNetDevice.Cpu;
        Fit(ml, options);
        Assert.DoesNotContain(log, m => m.Message.Contains("GPU", StringComparison.Ordinal));
    }

    private static (MLContext Context, List<(ChannelMessageKind Kind, string Message)> Log) Context()
    {
        var ml = new MLContext(seed: 1);
        var log = new List<(ChannelMessageKind, string)>();
        ml.Log += (_, e) =>
        {
            lock (log)
                log.Add((e.Kind, e.RawMessage));
        };
        return (ml, log);
    }

    private static void Fit(MLContext ml, ConvNetTrainer.Options options)
        => new ConvNetTrainer(ml, Samples.VectorNetwork(), options).Fit(Pipelines.WithKeys(ml, Pipelines.TrainingData(ml)));
}
