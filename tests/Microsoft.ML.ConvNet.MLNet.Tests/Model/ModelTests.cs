using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.ConvNet.Tests;

public sealed class ModelTests : IDisposable
{
    private readonly MLContext _context = new(1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_pipeline_survives_saving_with_its_schema()
    {
        var data = Images();
        var model = Pipeline().Fit(data);
        var path = _folder.PathOf("model.zip");
        _context.Model.Save(model, data.Schema, path);

        var loaded = new MLContext().Model.Load(path, out var schema);

        Assert.Equal(data.Schema.Select(column => (column.Name, column.Type)), schema.Select(column => (column.Name, column.Type)));
        var (before, after) = (model.Transform(data), loaded.Transform(data));
        Assert.Equal(before.GetColumn<float[]>("Pixels").ToArray(), after.GetColumn<float[]>("Pixels").ToArray());
        Assert.Equal(before.GetColumn<uint>("Key").ToArray(), after.GetColumn<uint>("Key").ToArray());
        Assert.Equal(["light", "dark", "light"], after.GetColumn<string>("Back"));
    }

    [Fact]
    public void Annotations_of_the_schema_are_saved_and_image_columns_are_not()
    {
        var data = Images();
        var prepared = _context.Transforms.Conversion.MapValueToKey("Key", "Label").Append(_context.Transforms.LoadImages("Image", _folder.FullName, "Path")).Fit(data).Transform(data);
        using var stream = new MemoryStream();
        _context.Model.Save(_context.Transforms.CopyColumns("Copy", "Key").Fit(prepared), prepared.Schema, stream);
        stream.Position = 0;
        _context.Model.Load(stream, out var schema);

        VBuffer<ReadOnlyMemory<char>> values = default;
        schema["Key"].Annotations.GetValue("KeyValues", ref values);
        Assert.Equal(["light", "dark"], values.DenseValues().Select(value => value.ToString()));
        Assert.Null(schema.GetColumnOrNull("Image"));
    }

    [Fact]
    public void A_file_that_is_no_model_is_refused()
    {
        using var garbage = new MemoryStream("garbage"u8.ToArray());
        Assert.Throws<FormatException>(() => _context.Model.Load(garbage, out _));

        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
            archive.CreateEntry("entry");
        zip.Position = 0;
        Assert.Throws<InvalidOperationException>(() => _context.Model.Load(zip, out _));
    }

    [Fact]
    public void An_engine_predicts_from_objects()
    {
        var data = Images();
        using var engine = _context.Model.CreatePredictionEngine<Row, Prediction>(Pipeline().Fit(data));

        var dark = engine.Predict(new Row { Path = "1.png", Label = "dark" });
        var light = engine.Predict(new Row { Path = "2.png", Label = "light" });

        Assert.Equal((2u, "dark"), (dark.Key, dark.Back));
        Assert.InRange(dark.Pixels[0], 9, 11);
        Assert.Equal((1u, "light"), (light.Key, light.Back));
        Assert.InRange(light.Pixels[0], 219, 221);
        Assert.NotNull(engine.OutputSchema.GetColumnOrNull("Pixels"));

        var reused = new Prediction();
        engine.Predict(new Row { Path = "0.png", Label = "light" }, ref reused);
        Assert.InRange(reused.Pixels[0], 199, 201);
    }

    [Fact]
    public void An_engine_ignores_missing_columns_unless_told_otherwise()
    {
        var data = Images();
        var model = _context.Transforms.Conversion.MapValueToKey("Key", "Label").Fit(data);
        using var engine = _context.Model.CreatePredictionEngine<Row, Prediction>(model);

        Assert.Equal(1u, engine.Predict(new Row { Label = "light" }).Key);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            _context.Model.CreatePredictionEngine<Row, Prediction>(model, new PredictionEngineOptions { IgnoreMissingColumns = false, OwnsTransformer = false }));
    }

    [Fact]
    public void An_engine_with_an_input_schema_ignores_no_missing_columns()
    {
        var data = Images();

        using var engine = _context.Model.CreatePredictionEngine<Row, Prediction>(Pipeline().Fit(data), data.Schema);
        Assert.Equal(2u, engine.Predict(new Row { Path = "1.png", Label = "dark" }).Key);

        var keys = _context.Transforms.Conversion.MapValueToKey("Key", "Label").Fit(data);
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Model.CreatePredictionEngine<Row, Prediction>(keys, data.Schema));
        Assert.Throws<InvalidOperationException>(() => _context.Model.CreatePredictionEngine<Row, Prediction>(keys, keys.GetOutputSchema(data.Schema)));
    }

    private EstimatorChain<KeyToValueMappingTransformer> Pipeline() => _context.Transforms.Conversion.MapValueToKey("Key", "Label")
        .Append(_context.Transforms.LoadImages("Image", _folder.FullName, "Path"))
        .Append(_context.Transforms.ResizeImages("Image", 2, 2))
        .Append(_context.Transforms.ConvertToGrayscale("Image"))
        .Append(_context.Transforms.ExtractPixels("Pixels", "Image", interleavePixelColors: true))
        .Append(_context.Transforms.Conversion.MapKeyToValue("Back", "Key"));

    private IDataView Images()
    {
        var values = new[] { 200, 10, 220 };
        var rows = values.Select((value, i) => new Row
        {
            Path = _folder.Write($"{i}.png", TestPng.Grey(2, 2, (_, _) => value).Encode()),
            Label = value < 100 ? "dark" : "light",
        }).ToList();
        return _context.Data.LoadFromEnumerable(rows);
    }

    private sealed class Row
    {
        public string Path { get; set; } = "";

        public string Label { get; set; } = "";
    }

    private sealed class Prediction
    {
        public uint Key { get; set; }

        public string Back { get; set; } = "";

        public float[] Pixels { get; set; } = [];
    }
}
