using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.ConvNet.Tests;

public class PipelineTests
{
    private readonly MLContext _context = new(1);

    [Fact]
    public void Stages_run_in_order_and_the_last_is_known()
    {
        var data = Data();
        var model = _context.Transforms.CopyColumns("A", "X").Append(_context.Transforms.CopyColumns("B", "A")).Append(_context.Transforms.Concatenate("All", "B", "Y")).Fit(data);

        Assert.IsType<ColumnConcatenatingTransformer>(model.LastTransformer);
        Assert.Equal(3, model.Count());
        Assert.Equal([[1f, 10, 11], [2f, 20, 21]], model.Transform(data).GetColumn<float[]>("All").ToArray());
    }

    [Fact]
    public void A_chain_checks_all_schemas_before_it_fits()
    {
        var fitted = false;
        var pipeline = _context.Transforms.CopyColumns("A", "X").WithOnFitDelegate(_ => fitted = true).Append(_context.Transforms.CopyColumns("B", "Nothing"));
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => pipeline.Fit(Data()));

        Assert.Contains("'Nothing'", error.Message, StringComparison.Ordinal);
        Assert.False(fitted);
    }

    [Fact]
    public void Concatenating_names_the_slots()
    {
        var data = Data();
        var view = _context.Transforms.Concatenate("All", "X", "Z").Fit(data).Transform(data);
        VBuffer<ReadOnlyMemory<char>> names = default;
        view.Schema["All"].Annotations.GetValue("SlotNames", ref names);

        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, 2), view.Schema["All"].Type);
        Assert.Equal(["X", "Z"], names.DenseValues().Select(name => name.ToString()));
    }

    [Fact]
    public void A_scope_chooses_stages()
    {
        var data = Data();
        var model = _context.Transforms.CopyColumns("A", "X").Append(_context.Transforms.CopyColumns("B", "X"), TransformerScope.TrainTest).Fit(data);

        // Without a scope a chain scores.
        Assert.Null(model.Transform(data).Schema.GetColumnOrNull("B"));
        Assert.Null(model.GetOutputSchema(data.Schema).GetColumnOrNull("B"));
        Assert.NotNull(model.Transform(data, TransformerScope.Testing).Schema.GetColumnOrNull("B"));
    }

    [Fact]
    public void A_chain_maps_single_rows()
    {
        var data = Data();
        ITransformer model = _context.Transforms.CopyColumns("A", "X").Append(_context.Transforms.CopyColumns("B", "A")).Fit(data);
        var mapper = model.GetRowToRowMapper(data.Schema);

        Assert.True(model.IsRowToRowMapper);
        Assert.Equal(["X"], mapper.GetDependencies([mapper.OutputSchema["B"]]).Select(column => column.Name));
        using var cursor = data.GetRowCursor(data.Schema);
        using var row = mapper.GetRow(cursor, [mapper.OutputSchema["B"]]);
        var getter = row.GetGetter<float>(row.Schema["B"]);
        Assert.True(cursor.MoveNext());
        var value = 0f;
        getter(ref value);
        Assert.Equal(1f, value);
    }

    [Fact]
    public void Messages_of_channels_reach_the_log_and_progress_does_not()
    {
        var messages = new List<LoggingEventArgs>();
        _context.Log += (_, message) => messages.Add(message);
        IHostEnvironment env = _context;
        var host = env.Register("Trainer");
        using (var channel = host.Start("Training"))
        {
            channel.Info(MessageSensitivity.None, "epoch {0}", 3);
            channel.Warning(MessageSensitivity.None, "careful");
        }
        using (var progress = host.StartProgressChannel("Training"))
        {
            progress.SetHeader(new ProgressHeader(["Loss"], ["epochs"]), entry => entry.SetProgress(0, 1, 2));
            progress.Checkpoint(0.5, 1);
        }

        var info = Assert.Single(messages, message => message.Kind == ChannelMessageKind.Info);
        Assert.Equal("epoch 3", info.RawMessage);
        Assert.Equal("Trainer; Training", info.Source);
        Assert.Equal("[Source=Trainer; Training, Kind=Info] epoch 3", info.Message);
        Assert.Single(messages, message => message.RawMessage == "careful");
    }

    [Fact]
    public void Hosts_of_a_seeded_context_draw_the_same_numbers()
    {
        int Draw() => ((IHostEnvironment)new MLContext(5)).Register("A").Rand.Next();

        Assert.Equal(Draw(), Draw());
    }

    private IDataView Data() => _context.Data.LoadFromEnumerable(new[] { new Row { X = 1, Y = [10, 11], Z = 5 }, new Row { X = 2, Y = [20, 21], Z = 6 } });

    private sealed class Row
    {
        public float X { get; set; }

        [VectorType(2)]
        public float[] Y { get; set; } = [];

        public float Z { get; set; }
    }
}
