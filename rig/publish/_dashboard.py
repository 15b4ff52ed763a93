"""The Grafana dashboards over the metrics of many runs, as code: their JSON is generated, never edited.

Needs the package ``grafana-foundation-sdk``, which only those who change a dashboard install.
"""

from __future__ import annotations

import json
from typing import Any

from rig.publish._panels import ANNOTATIONS, PAGES, Page, Panel

_TAG = "micro-ROS SHM rig"


def dashboards() -> dict[str, str]:
    """File name -> the dashboard as JSON in Grafana's classic schema.

    :raises ImportError: ``grafana-foundation-sdk`` is not installed.
    """
    return {page.file: _dashboard(page) for page in PAGES}


def _dashboard(page: Page) -> str:
    from grafana_foundation_sdk.builders import dashboard as builders  # noqa: PLC0415
    from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: PLC0415
    from grafana_foundation_sdk.models import dashboard as models  # noqa: PLC0415

    board = (
        builders.Dashboard(page.title)
        .uid(page.uid)
        .tags([_TAG])
        .description(page.description)
        .readonly()
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .time("now-30d", "now")
        .refresh("5m")
        .timezone("utc")
        .link(
            builders.DashboardLink("The rig's dashboards")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([_TAG])
            .include_vars(True)
            .keep_time(True)
        )
        .with_variable(builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    for name, query, single in page.variables:
        board = board.with_variable(_variable(name, query, single=single))
    for row in page.rows:
        header = builders.Row(row.title)
        board = board.with_row(header.repeat(row.repeat) if row.repeat else header)
        for panel in row.panels:
            board = board.with_panel(_panel(panel))
    plain = json.loads(JSONEncoder(sort_keys=True).encode(board.build()))
    plain["annotations"] = {"list": [_annotation(each) for each in ANNOTATIONS]}
    return json.dumps(plain, indent=2, sort_keys=True) + "\n"


def _annotation(fields: dict[str, str]) -> dict[str, Any]:
    """As Grafana's Prometheus source has it; the package knows only what all sources share."""
    value_for_time = {"useValueForTime": "on"} if fields["useValueForTime"] else {}
    return {
        **{key: value for key, value in fields.items() if key != "useValueForTime"},
        **value_for_time,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "enable": True,
        "hide": False,
    }


def _source() -> Any:
    from grafana_foundation_sdk.models.dashboard import DataSourceRef  # noqa: PLC0415

    return DataSourceRef(type_val="prometheus", uid="${datasource}")


def _variable(name: str, query: str, *, single: bool) -> Any:
    from grafana_foundation_sdk.builders import dashboard as builders  # noqa: PLC0415
    from grafana_foundation_sdk.models import dashboard as models  # noqa: PLC0415

    variable = (
        builders.QueryVariable(name)
        .label(name.replace("_", " "))
        .datasource(_source())
        .query(query)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )
    if single:
        return variable
    return (
        variable.multi(True).include_all(True).current(models.VariableOption(text="All", value="$__all", selected=True))
    )


def _panel(panel: Panel) -> Any:
    from grafana_foundation_sdk.builders import prometheus  # noqa: PLC0415
    from grafana_foundation_sdk.models.prometheus import PromQueryFormat  # noqa: PLC0415

    builder = {"timeseries": _lines, "stat": _stat, "state": _states, "table": _table}[panel.kind](panel)
    builder = builder.title(panel.title).description(panel.description).datasource(_source()).span(panel.width)
    if panel.kind != "table":
        builder = builder.unit(panel.unit)
    for index, (expression, legend) in enumerate(panel.queries):
        query = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id("ABCDEFGH"[index])
        query = query.instant().format(PromQueryFormat.TABLE) if panel.kind == "table" else query.range()
        builder = builder.with_target(query)
    return builder


def _lines(panel: Panel) -> Any:
    from grafana_foundation_sdk.builders import common, timeseries  # noqa: PLC0415
    from grafana_foundation_sdk.models import common as models  # noqa: PLC0415

    scale = common.ScaleDistributionConfig()
    scale = (
        scale.type(models.ScaleDistribution.LOG).log(10) if panel.log else scale.type(models.ScaleDistribution.LINEAR)
    )
    legend = (
        common.VizLegendOptions()
        .display_mode(models.LegendDisplayMode.TABLE)
        .placement(models.LegendPlacement.RIGHT)
        .calcs(["lastNotNull"])
        .show_legend(True)
    )
    return (
        timeseries.Panel()
        .height(9)
        .scale_distribution(scale)
        .legend(legend)
        .tooltip(common.VizTooltipOptions().mode(models.TooltipDisplayMode.MULTI))
        .line_interpolation(models.LineInterpolation.STEP_AFTER)
        .show_points(models.VisibilityMode.AUTO)
        .fill_opacity(0)
    )


def _stat(panel: Panel) -> Any:
    from grafana_foundation_sdk.builders import common, stat  # noqa: PLC0415
    from grafana_foundation_sdk.builders import dashboard as builders  # noqa: PLC0415
    from grafana_foundation_sdk.models import common as models  # noqa: PLC0415
    from grafana_foundation_sdk.models import dashboard as dashboards  # noqa: PLC0415

    steps = [dashboards.Threshold(value=None, color="text")]
    if panel.colour:
        steps.append(dashboards.Threshold(value=1, color=panel.colour))
    return (
        stat.Panel()
        .height(4)
        .graph_mode(models.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(builders.ThresholdsConfig().mode(dashboards.ThresholdsMode.ABSOLUTE).steps(steps))
    )


def _states(panel: Panel) -> Any:
    from grafana_foundation_sdk.builders import common, statetimeline  # noqa: PLC0415
    from grafana_foundation_sdk.models import common as models  # noqa: PLC0415
    from grafana_foundation_sdk.models import dashboard as dashboards  # noqa: PLC0415

    mapping = dashboards.ValueMap(
        options={
            str(value): dashboards.ValueMappingResult(text=text, color=colour, index=value)
            for value, (text, colour) in enumerate(panel.words)
        }
    )
    return (
        statetimeline.Panel()
        .height(14 if panel.title.startswith("Verdict of each") else 7)
        .mappings([mapping])
        .merge_values(True)
        .show_value(models.VisibilityMode.AUTO)
        .row_height(0.85)
        .legend(
            common.VizLegendOptions()
            .display_mode(models.LegendDisplayMode.LIST)
            .placement(models.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
    )


def _table(_: Panel) -> Any:
    from grafana_foundation_sdk.builders import table  # noqa: PLC0415
    from grafana_foundation_sdk.models import dashboard as dashboards  # noqa: PLC0415

    hidden = dict.fromkeys(("Time", "Value", "__name__", "instance", "job"), True)
    return (
        table.Panel()
        .height(7)
        .with_transformation(dashboards.DataTransformerConfig(id_val="organize", options={"excludeByName": hidden}))
    )
