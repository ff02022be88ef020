using System.Diagnostics;
using MLNet.Outside;

namespace Microsoft.ML.ConvNet.Tests;

public class NewProcessTests
{
    [Fact]
    public async Task An_outside_stage_loads_in_a_process_that_never_names_it()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable(new[] { new Number { Value = 1 }, new Number { Value = 4 } });
        var pipeline = context.Transforms.CopyColumns("Copy", "Value").Append(context.MulticlassClassification.Trainers.Scaling());
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("model.zip");
        context.Model.Save(pipeline.Fit(data), data.Schema, path);

        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "MLNet.Loader.dll"), path]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, await errors);
        Assert.Equal("Value: Single\n0.25 0.5 0.75", output.ReplaceLineEndings("\n").Trim());
    }

    private sealed class Number
    {
        public float Value { get; set; }
    }
}
