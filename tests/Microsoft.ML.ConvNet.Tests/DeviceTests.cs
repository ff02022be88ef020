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

    [Fact]
    public void A_model_scores_on_the_CPU_where_its_GPU_is_missing()
    {
        using var folder = new TemporaryFolder();
        var (trained, _) = Context();
        var model = Pipelines.Train(trained);
        trained.Model.Save(model, Pipelines.TrainingData(trained).Schema, folder.PathOf("model.zip"));
        var (ml, log) = Context();
        (ml.GpuDeviceId, ml.FallbackToCpu) = (Missing, true);

        var loaded = ml.Model.Load(folder.PathOf("model.zip"), out _);

        Assert.Equal(Pipelines.Scores(model.Transform(Pipelines.TrainingData(trained))), Pipelines.Scores(loaded.Transform(Pipelines.TrainingData(ml))));
        var warning = Assert.Single(log, m => m.Kind == ChannelMessageKind.Warning);
        Assert.Contains("Scoring on the CPU. There is no GPU", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_fallback_batches_need_the_GPU_and_single_rows_do_not()
    {
        using var folder = new TemporaryFolder();
        var (trained, _) = Context();
        trained.Model.Save(Pipelines.Train(trained), Pipelines.TrainingData(trained).Schema, folder.PathOf("model.zip"));
        var (ml, _) = Context();
        (ml.GpuDeviceId, ml.FallbackToCpu) = (Missing, false);

        var loaded = ml.Model.Load(folder.PathOf("model.zip"), out _);

        Messages.AssertSays(Assert.ThrowsAny<Exception>(() => Pipelines.Scores(loaded.Transform(Pipelines.TrainingData(ml)))), "There is no GPU");
        using var engine = ml.Model.CreatePredictionEngine<VectorRow, Prediction>(loaded);
        Assert.Equal(3, engine.Predict(Samples.Vectors(1)[0]).Score.Length);
    }

    private sealed class Prediction
    {
        public float[] Score { get; set; } = [];
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
