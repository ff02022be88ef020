using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.ConvNet.Tests;

public class SaveAndLoadTests
{
    [Fact]
    public void A_loaded_model_gives_the_same_scores_bit_by_bit()
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(seed: 1);
        var data = Pipelines.TrainingData(ml, 100);
        var model = Pipelines.Vectors(ml).Fit(data);
        var path = folder.PathOf("model.zip");
        ml.Model.Save(model, data.Schema, path);

        var loaded = new MLContext().Model.Load(path, out var schema);

        Assert.Equal(data.Schema.Select(c => (c.Name, c.Type.RawType)), schema.Select(c => (c.Name, c.Type.RawType)));
        Assert.Equal(Pipelines.Scores(model.Transform(data)), Pipelines.Scores(loaded.Transform(data)));
        Assert.Equal(model.Transform(data).GetColumn<string>("PredictedLabel"), loaded.Transform(data).GetColumn<string>("PredictedLabel"));
        Assert.Equal(Columns(model.GetOutputSchema(data.Schema)), Columns(loaded.GetOutputSchema(data.Schema)));
    }

    [Fact]
    public void A_loaded_transformer_is_the_one_that_was_saved()
    {
        var ml = new MLContext(seed: 1);
        var options = Pipelines.Quick();
        (options.ScoreColumnName, options.PredictedLabelColumnName) = ("Probability", "Class");
        var transformer = Pipelines.Train(ml, options);

        var loaded = Assert.IsType<ConvNetTransformer>(Only(Load(Save(ml, transformer))));

        Assert.Equal("Features", loaded.FeatureColumnName);
        Assert.Equal(transformer.FeatureColumnType, loaded.FeatureColumnType);
        Assert.Equal(transformer.Model.Weights, loaded.Model.Weights);
        Assert.Equal(transformer.Model.Summary(), loaded.Model.Summary());
        Assert.True(loaded.IsRowToRowMapper);
        Assert.NotNull(loaded.GetOutputSchema(Pipelines.TrainingData(ml).Schema).GetColumnOrNull("Probability"));
    }

    [Fact]
    public void The_type_of_images_is_kept()
    {
        var ml = new MLContext(seed: 1);
        var options = Pipelines.Quick(epochs: 1);
        options.FeatureColumnName = "Image";
        var data = Pipelines.WithKeys(ml, ml.Data.LoadFromEnumerable(Samples.Images(9)));
        var transformer = new ConvNetTrainer(ml, Samples.ImageNetwork(), options).Fit(data);

        var loaded = (ConvNetTransformer)Only(Load(Save(ml, transformer, data.Schema)));

        Assert.Equal(new ImageDataViewType(Samples.ImageSize, Samples.ImageSize), loaded.FeatureColumnType);
        Assert.Equal(Pipelines.Scores(transformer.Transform(data)), Pipelines.Scores(loaded.Transform(data)));
    }

    [Fact]
    public void A_model_is_saved_twice_and_again_after_loading()
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var data = Pipelines.TrainingData(ml);

        var again = Load(Save(ml, Load(Save(ml, transformer))));

        Assert.Equal(Pipelines.Scores(transformer.Transform(data)), Pipelines.Scores(again.Transform(data)));
    }

    [Fact]
    public async Task A_model_loads_in_a_process_that_never_names_its_types()
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(seed: 1);
        var files = Samples.Files(folder, 6);
        var data = ml.Data.LoadFromEnumerable(files);
        var model = Pipelines.Files(ml, Pipelines.Quick()).Fit(data);
        var path = folder.PathOf("model.zip");
        ml.Model.Save(model, data.Schema, path);

        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ConvNet.Loader.dll"), path, .. files.Select(f => f.ImagePath)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, await errors);
        var expected = ml.Data.CreateEnumerable<Prediction>(model.Transform(data), reuseRowObject: false)
            .Select(p => $"{p.PredictedLabel} {string.Join(' ', p.Score.Select(s => s.ToString("R", CultureInfo.InvariantCulture)))}");
        Assert.Equal(expected, output.ReplaceLineEndings("\n").Trim().Split('\n'));
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(0.999)]
    public void A_truncated_file_is_no_model(double share)
    {
        var ml = new MLContext(seed: 1);
        var zip = Save(ml, Pipelines.Train(ml)).ToArray();

        Assert.ThrowsAny<Exception>(() => Load(new MemoryStream(zip[..(int)(share * zip.Length)])));
    }

    [Theory]
    [InlineData("Network.bin")]
    [InlineData("Transformer.bin")]
    public void A_truncated_entry_is_named(string entry)
    {
        var ml = new MLContext(seed: 1);
        var zip = Save(ml, Pipelines.Train(ml)).ToArray();
        var length = Entry(zip, entry).Length;

        foreach (var keep in new[] { 0, 1, 8, 23, 24, 100, length / 2, length - 33, length - 32, length - 1 })
        {
            var error = Assert.ThrowsAny<Exception>(() => Load(Altered(zip, entry, bytes => bytes[..keep])));
            Messages.AssertSays(error, entry, "truncated");
        }
    }

    [Theory]
    [InlineData("Network.bin")]
    [InlineData("Transformer.bin")]
    public void A_flipped_bit_is_noticed(string entry)
    {
        var ml = new MLContext(seed: 1);
        var zip = Save(ml, Pipelines.Train(ml)).ToArray();
        var length = Entry(zip, entry).Length;
        var random = new Random(1);

        foreach (var place in Enumerable.Range(0, 24).Concat(Enumerable.Range(0, 30).Select(_ => random.Next(length))).Append(length - 1))
        {
            var error = Assert.ThrowsAny<Exception>(() => Load(Altered(zip, entry, bytes =>
            {
                bytes[place] ^= (byte)(1 << random.Next(8));
                return bytes;
            })));
            Messages.AssertSays(error, entry);
        }
    }

    [Theory]
    [InlineData("Network.bin")]
    [InlineData("Transformer.bin")]
    public void A_newer_format_says_so(string entry)
    {
        var ml = new MLContext(seed: 1);
        var zip = Save(ml, Pipelines.Train(ml)).ToArray();

        var error = Assert.ThrowsAny<Exception>(() => Load(Altered(zip, entry, bytes =>
        {
            bytes[8] = 77;
            return bytes;
        })));

        Messages.AssertSays(error, entry, "format version 77", "newer version of Microsoft.ML.ConvNet");
    }

    [Theory]
    [InlineData("Network.bin")]
    [InlineData("Transformer.bin")]
    public void Something_else_in_an_entry_is_named(string entry)
    {
        var ml = new MLContext(seed: 1);
        var zip = Save(ml, Pipelines.Train(ml)).ToArray();

        var error = Assert.ThrowsAny<Exception>(() => Load(Altered(zip, entry, _ => [.. Enumerable.Repeat((byte)'x', 500)])));

        Messages.AssertSays(error, entry, "not a ConvNet model", "xxxxxxxx");
    }

    [Theory]
    [InlineData("Network.bin")]
    [InlineData("Transformer.bin")]
    public void A_missing_entry_is_named(string entry)
    {
        var ml = new MLContext(seed: 1);
        var zip = Save(ml, Pipelines.Train(ml)).ToArray();

        Messages.AssertSays(Assert.ThrowsAny<Exception>(() => Load(Altered(zip, entry, _ => null))), entry);
    }

    [Fact]
    public void Bytes_after_the_end_of_an_entry_are_noticed_or_harmless()
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var data = Pipelines.TrainingData(ml);

        var loaded = Load(Altered(Save(ml, transformer).ToArray(), "Network.bin", bytes => [.. bytes, 1, 2, 3]));

        Assert.Equal(Pipelines.Scores(transformer.Transform(data)), Pipelines.Scores(loaded.Transform(data)));
    }

    private static MemoryStream Save(MLContext ml, ITransformer model, DataViewSchema? schema = null)
    {
        var stream = new MemoryStream();
        ml.Model.Save(model, schema ?? Pipelines.TrainingData(ml).Schema, stream);
        return stream;
    }

    private static ITransformer Load(MemoryStream zip)
    {
        zip.Position = 0;
        return new MLContext().Model.Load(zip, out _);
    }

    /// <summary>The one transformer of a model, which ML.NET may give as a chain.</summary>
    private static ITransformer Only(ITransformer model) => model is IEnumerable<ITransformer> chain ? Assert.Single(chain) : model;

    private static byte[] Entry(byte[] zip, string name)
    {
        using var archive = new ZipArchive(new MemoryStream(zip));
        using var stream = archive.Entries.Single(e => e.FullName.EndsWith(name, StringComparison.Ordinal)).Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>A copy of a zip with another content of one entry, or without it.</summary>
    private static MemoryStream Altered(byte[] zip, string name, Func<byte[], byte[]?> alter)
    {
        var altered = new MemoryStream();
        using (var source = new ZipArchive(new MemoryStream(zip)))
        using (var target = new ZipArchive(altered, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in source.Entries)
            {
                using var stream = entry.Open();
                using var bytes = new MemoryStream();
                stream.CopyTo(bytes);
                if ((entry.FullName.EndsWith(name, StringComparison.Ordinal) ? alter(bytes.ToArray()) : bytes.ToArray()) is not { } content)
                    continue;
                using var copy = target.CreateEntry(entry.FullName).Open();
                copy.Write(content);
            }
        }

        return altered;
    }

    private static string[] Columns(DataViewSchema schema)
        => [.. schema.Select(c => $"{c.Name} {c.Type} {string.Join(",", c.Annotations.Schema.Select(a => $"{a.Name} {a.Type}").Order())}")];
}
