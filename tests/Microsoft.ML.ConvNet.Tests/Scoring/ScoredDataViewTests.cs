using System.Collections.Concurrent;
using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

public class ScoredDataViewTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(200)]
    public void Every_row_gets_its_own_score(int count)
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var rows = Samples.Vectors(count, seed: 9);
        var scored = transformer.Transform(ml.Data.LoadFromEnumerable(rows));

        var together = ml.Data.CreateEnumerable<Row>(scored, reuseRowObject: false).ToArray();

        Assert.Equal(Enumerable.Range(0, count), together.Select(r => r.Index));
        Assert.Equal(rows.Select(r => r.Features), together.Select(r => r.Features));
        Assert.Equal(together.Select(r => r.Score), Pipelines.Scores(scored));
        foreach (var row in together.Where((_, i) => i % 7 == 0 || i == count - 1))
        {
            var alone = Pipelines.Scores(transformer.Transform(ml.Data.LoadFromEnumerable(new[] { rows[row.Index] })))[0];
            Assert.All(alone.Zip(row.Score), s => Assert.Equal(s.First, s.Second, 1e-5f));
        }
    }

    [Fact]
    public void Scores_are_probabilities_and_the_predicted_label_is_the_largest()
    {
        var ml = new MLContext(seed: 1);
        var scored = Pipelines.Train(ml).Transform(Pipelines.TrainingData(ml, 100));

        foreach (var (scores, key) in Pipelines.Scores(scored).Zip(scored.GetColumn<uint>("PredictedLabel")))
        {
            Assert.Equal(1, scores.Sum(), 1e-5f);
            Assert.Equal(scores.Max(), scores[key - 1]);
        }
    }

    [Fact]
    public void A_row_whose_features_are_no_numbers_has_no_predicted_label()
    {
        var ml = new MLContext(seed: 1);
        var rows = Samples.Vectors(3);
        Array.Fill(rows[1].Features, float.NaN);
        var scored = Pipelines.Train(ml).Transform(ml.Data.LoadFromEnumerable(rows));

        var labels = scored.GetColumn<uint>("PredictedLabel").ToArray();
        Assert.Equal(0u, labels[1]);
        Assert.All(Pipelines.Scores(scored)[1], s => Assert.Equal(float.NaN, s));
        Assert.All(new[] { labels[0], labels[2] }, l => Assert.InRange(l, 1u, 3u));
    }

    [Fact]
    public void An_empty_input_gives_an_empty_output()
    {
        var ml = new MLContext(seed: 1);

        Assert.Empty(Pipelines.Scores(Pipelines.Train(ml).Transform(ml.Data.LoadFromEnumerable(Array.Empty<VectorRow>()))));
    }

    [Fact]
    public void Columns_that_pass_through_need_no_features()
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var input = new SpyView(ml.Data.LoadFromEnumerable(Samples.Vectors(70)));

        Assert.Equal(Enumerable.Range(0, 70), transformer.Transform(input).GetColumn<int>("Index"));

        Assert.DoesNotContain("Features", input.Asked);
        Assert.Equal(input.Opened, input.Closed);
    }

    [Fact]
    public void The_input_is_read_once_and_only_where_needed()
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var input = new SpyView(ml.Data.LoadFromEnumerable(Samples.Vectors(70)));

        Assert.Equal(70, Pipelines.Scores(transformer.Transform(input)).Length);

        Assert.Equal(["Features"], input.Asked.Distinct());
        Assert.Equal(1, input.Opened);
        Assert.Equal(1, input.Closed);
    }

    [Fact]
    public void A_sequence_that_can_be_enumerated_only_once_is_scored()
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var rows = Samples.Vectors(150, seed: 3);
        var expected = Pipelines.Scores(transformer.Transform(ml.Data.LoadFromEnumerable(rows)));
        var queue = new ConcurrentQueue<VectorRow>(rows);

        var scored = ml.Data.CreateEnumerable<Row>(transformer.Transform(ml.Data.LoadFromEnumerable(Drain(queue))), reuseRowObject: false).ToArray();

        Assert.Equal(Enumerable.Range(0, 150), scored.Select(r => r.Index));
        Assert.Equal(expected, scored.Select(r => r.Score));
    }

    [Fact]
    public void A_sequence_that_gives_other_rows_each_time_is_scored_as_it_comes()
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var seed = 0;
        var changing = ml.Data.LoadFromEnumerable(Changing());

        foreach (var row in ml.Data.CreateEnumerable<Row>(transformer.Transform(changing), reuseRowObject: false).ToArray())
        {
            var alone = Pipelines.Scores(transformer.Transform(ml.Data.LoadFromEnumerable(new[] { new VectorRow { Features = row.Features } })))[0];
            Assert.All(alone.Zip(row.Score), s => Assert.Equal(s.First, s.Second, 1e-5f));
        }

        IEnumerable<VectorRow> Changing()
        {
            seed++;
            foreach (var row in Samples.Vectors(70 + seed, seed))
                yield return row;
        }
    }

    [Fact]
    public void Two_cursors_go_on_independently()
    {
        var ml = new MLContext(seed: 1);
        var scored = Pipelines.Train(ml).Transform(Pipelines.TrainingData(ml, 100));
        var expected = Pipelines.Scores(scored);
        using var first = scored.GetRowCursor([scored.Schema["Score"]]);
        using var second = scored.GetRowCursor([scored.Schema["Score"], scored.Schema["Index"]]);
        var (firstScore, secondScore) = (first.GetGetter<VBuffer<float>>(scored.Schema["Score"]), second.GetGetter<VBuffer<float>>(scored.Schema["Score"]));
        VBuffer<float> a = default, b = default;

        for (var i = 0; i < 100; i++)
        {
            Assert.True(first.MoveNext());
            if (i >= 10)
            {
                Assert.True(second.MoveNext());
                secondScore(ref b);
                Assert.Equal(expected[i - 10], b.DenseValues());
            }

            firstScore(ref a);
            Assert.Equal(expected[i], a.DenseValues());
            Assert.Equal(i, first.Position);
        }

        Assert.False(first.MoveNext());
        Assert.False(first.MoveNext());
    }

    [Fact]
    public void A_value_may_be_read_more_than_once_or_not_at_all()
    {
        var ml = new MLContext(seed: 1);
        var scored = Pipelines.Train(ml).Transform(Pipelines.TrainingData(ml, 100));
        var expected = Pipelines.Scores(scored);
        using var cursor = scored.GetRowCursor(scored.Schema);
        var score = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
        var label = cursor.GetGetter<ReadOnlyMemory<char>>(scored.Schema["Label"]);
        VBuffer<float> values = default;
        ReadOnlyMemory<char> text = default;

        for (var i = 0; cursor.MoveNext(); i++)
        {
            if (i % 3 != 0)
                continue;
            score(ref values);
            score(ref values);
            label(ref text);
            Assert.Equal(expected[i], values.DenseValues());
            Assert.Equal(Samples.Bars[i % 3], text.ToString());
        }
    }

    [Fact]
    public void Row_ids_are_those_of_the_input()
    {
        var ml = new MLContext(seed: 1);
        var data = ml.Data.SkipRows(Pipelines.TrainingData(ml, 100), 5);
        var scored = Pipelines.Train(ml).Transform(data);

        Assert.Equal(Ids(data, []), Ids(scored, [scored.Schema["Score"]]));
        Assert.Equal(Ids(data, []), Ids(scored, [scored.Schema["Index"]]));
    }

    [Fact]
    public void A_set_of_cursors_covers_all_rows()
    {
        var ml = new MLContext(seed: 1);
        var scored = Pipelines.Train(ml).Transform(Pipelines.TrainingData(ml, 100));
        var indices = new List<int>();
        foreach (var cursor in scored.GetRowCursorSet([scored.Schema["Score"], scored.Schema["Index"]], 4))
        {
            using (cursor)
            {
                var getter = cursor.GetGetter<int>(scored.Schema["Index"]);
                var index = 0;
                while (cursor.MoveNext())
                {
                    getter(ref index);
                    indices.Add(index);
                }
            }
        }

        Assert.Equal(Enumerable.Range(0, 100), indices.Order());
    }

    [Fact]
    public void Shuffled_rows_keep_their_scores()
    {
        var ml = new MLContext(seed: 1);
        var scored = Pipelines.Train(ml).Transform(Pipelines.TrainingData(ml, 100));
        var expected = Pipelines.Scores(scored);

        var shuffled = ml.Data.CreateEnumerable<Row>(ml.Data.ShuffleRows(scored, seed: 1), reuseRowObject: false).ToArray();

        Assert.NotEqual(Enumerable.Range(0, 100), shuffled.Select(r => r.Index));
        Assert.All(shuffled, r => Assert.All(expected[r.Index].Zip(r.Score), s => Assert.Equal(s.First, s.Second, 1e-5f)));
    }

    [Fact]
    public async Task One_transformer_serves_many_threads()
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var expected = Pipelines.Scores(transformer.Transform(Pipelines.TrainingData(ml, 150)));

        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(t => Task.Run(() =>
        {
            var context = new MLContext();
            using var engine = context.Model.CreatePredictionEngine<VectorRow, RawPrediction>(transformer, new PredictionEngineOptions { OwnsTransformer = false });
            var one = engine.Predict(Samples.Vectors(150)[t]);
            Assert.All(expected[t].Zip(one.Score), s => Assert.Equal(s.First, s.Second, 1e-5f));
            return Pipelines.Scores(transformer.Transform(context.Data.LoadFromEnumerable(Samples.Vectors(150))));
        })));

        Assert.All(all, scores => Assert.Equal(expected, scores));
    }

    [Fact]
    public async Task A_prediction_engine_that_is_disposed_does_not_disturb_others()
    {
        // It disposes the transformer with itself.
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var row = Samples.Vectors(1)[0];
        using var engine = ml.Model.CreatePredictionEngine<VectorRow, RawPrediction>(transformer);
        var expected = engine.Predict(row).Score;

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 50; i++)
            {
                using var other = new MLContext().Model.CreatePredictionEngine<VectorRow, RawPrediction>(transformer);
                Assert.Equal(expected, other.Predict(row).Score);
            }
        })));

        Assert.Equal(expected, engine.Predict(row).Score);
    }

    [Fact]
    public void A_disposed_transformer_comes_back_when_it_is_used()
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var scored = transformer.Transform(Pipelines.TrainingData(ml, 100));
        var expected = Pipelines.Scores(scored);
        using var cursor = scored.GetRowCursor(scored.Schema);
        Assert.True(cursor.MoveNext());

        transformer.Dispose();
        transformer.Dispose();

        for (var i = 1; i < 100; i++)
            Assert.True(cursor.MoveNext());
        VBuffer<float> score = default;
        cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"])(ref score);
        Assert.Equal(expected[99], score.DenseValues());
        Assert.Equal(expected, Pipelines.Scores(scored));
    }

    [Fact]
    public void The_row_count_is_that_of_the_input()
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var rows = Samples.Vectors(10);

        Assert.Equal(10, transformer.Transform(ml.Data.LoadFromEnumerable(rows)).GetRowCount());
        Assert.Null(transformer.Transform(ml.Data.LoadFromEnumerable(Drain(new(rows)))).GetRowCount());
    }

    [Fact]
    public void An_inactive_column_cannot_be_read()
    {
        var ml = new MLContext(seed: 1);
        var scored = Pipelines.Train(ml).Transform(Pipelines.TrainingData(ml, 10));
        using var cursor = scored.GetRowCursor([scored.Schema["Score"]]);

        Assert.True(cursor.IsColumnActive(scored.Schema["Score"]));
        Assert.False(cursor.IsColumnActive(scored.Schema["Index"]));
        Assert.False(cursor.IsColumnActive(scored.Schema["Features"]));
        Assert.Contains("'Index'", Assert.ThrowsAny<Exception>(() => cursor.GetGetter<int>(scored.Schema["Index"])).Message, StringComparison.Ordinal);
        Assert.Contains("'Features'", Assert.ThrowsAny<Exception>(() => cursor.GetGetter<VBuffer<float>>(scored.Schema["Features"])).Message, StringComparison.Ordinal);
        Assert.Contains("'Score'", Assert.ThrowsAny<Exception>(() => cursor.GetGetter<float>(scored.Schema["Score"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cursors_close_the_input_when_a_row_fails()
    {
        var ml = new MLContext(seed: 1);
        var transformer = Pipelines.Train(ml);
        var rows = Samples.Vectors(10);
        rows[7].Features = new float[5];
        var input = new SpyView(ml.Data.LoadFromEnumerable(rows));

        var error = Assert.ThrowsAny<Exception>(() => Pipelines.Scores(transformer.Transform(input)));

        Assert.Contains("'Features'", Messages.Of(error), StringComparison.Ordinal);
        Assert.Equal(1, input.Opened);
        Assert.Equal(1, input.Closed);
    }

    [Fact]
    public void The_mapper_depends_on_the_features_alone()
    {
        var ml = new MLContext(seed: 1);
        var input = Pipelines.TrainingData(ml, 10).Schema;
        var mapper = Pipelines.Train(ml).GetRowToRowMapper(input);

        Assert.Equal(input, mapper.InputSchema);
        Assert.Equal(["Features"], mapper.GetDependencies([mapper.OutputSchema["Score"]]).Select(c => c.Name));
        Assert.Equal(["Index"], mapper.GetDependencies([mapper.OutputSchema["Index"]]).Select(c => c.Name));
        Assert.Equal(["Index", "Features"], mapper.GetDependencies([mapper.OutputSchema["PredictedLabel"], mapper.OutputSchema["Index"]]).Select(c => c.Name));
    }

    private static IEnumerable<VectorRow> Drain(ConcurrentQueue<VectorRow> rows)
    {
        while (rows.TryDequeue(out var row))
            yield return row;
    }

    private static DataViewRowId[] Ids(IDataView data, DataViewSchema.Column[] columns)
    {
        using var cursor = data.GetRowCursor(columns);
        var getter = cursor.GetIdGetter();
        var ids = new List<DataViewRowId>();
        var id = default(DataViewRowId);
        while (cursor.MoveNext())
        {
            getter(ref id);
            ids.Add(id);
        }

        return [.. ids];
    }

    private sealed class Row
    {
        public int Index { get; set; }

        [VectorType(Samples.Size * Samples.Size)]
        public float[] Features { get; set; } = [];

        public float[] Score { get; set; } = [];
    }

    private sealed class RawPrediction
    {
        public float[] Score { get; set; } = [];
    }
}
