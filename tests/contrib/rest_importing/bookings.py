"""An API of REST framework, with what viewsets usually have and what nobody can read off them."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.urls import include, path
from rest_framework import filters, generics, mixins, pagination, permissions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter

from tests.testapp.models import (
    Address,
    Booking,
    Company,
    Customer,
    Line,
    Product,
    Service,
    Tag,
    Team,
)


class Pages(pagination.PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100


class CompanySerializer(serializers.ModelSerializer[Company]):
    class Meta:
        model = Company
        fields = ["id", "name"]


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    company = CompanySerializer(read_only=True)
    initials = serializers.SerializerMethodField()

    class Meta:
        model = Customer
        fields = ["id", "name", "vip", "company", "api_token", "initials"]

    def get_initials(self, customer: Customer) -> str:
        return customer.name[:1]


class LineSerializer(serializers.ModelSerializer[Line]):
    class Meta:
        model = Line
        fields = ["id", "product", "quantity"]


class BookingSerializer(serializers.ModelSerializer[Booking]):
    customer_name = serializers.CharField(source="customer.name", read_only=True)
    lines = LineSerializer(many=True, read_only=True)
    mail = serializers.SlugRelatedField[Customer](
        source="customer", slug_field="email", read_only=True
    )
    month = serializers.DateField(source="day", format="%Y-%m", read_only=True)
    internal_notes = serializers.CharField(write_only=True, required=False)

    class Meta:
        model = Booking
        fields = [
            *("id", "customer", "customer_name", "status", "price", "seats", "created_at", "tags"),
            *("lines", "mail", "month", "internal_notes"),
        ]
        read_only_fields = ["status"]
        extra_kwargs = {"tags": {"required": False}}


class OwnBookings(viewsets.ModelViewSet[Booking]):
    """Everyone's own, all of them for staff; whoever adds one owns it."""

    serializer_class = BookingSerializer
    queryset = Booking.objects.all()
    permission_classes = [permissions.IsAuthenticated]
    filter_backends = [filters.SearchFilter, filters.OrderingFilter]
    search_fields = ["status", "^customer__name", "@internal_notes"]
    ordering_fields = ["created_at", "price"]
    ordering = ["-created_at"]
    pagination_class = Pages

    def get_queryset(self) -> Any:
        found: Any = super().get_queryset().prefetch_related("lines")
        if self.request.user.is_staff:
            return found
        return found.filter(created_by=self.request.user)

    def perform_create(self, serializer: Any) -> None:
        serializer.save(created_by=self.request.user)

    @action(detail=True, methods=["post"])
    def cancel(self, request: Any, pk: object = None) -> Response:
        return Response()


class Customers(viewsets.ReadOnlyModelViewSet[Customer]):
    """For everybody, but not those who are important."""

    serializer_class = CustomerSerializer
    queryset = Customer.objects.filter(vip=False).exclude(company__name="Hidden")
    permission_classes = [permissions.AllowAny]


class Companies(viewsets.ModelViewSet[Company]):
    """Read by all, written by users with permissions of Django."""

    serializer_class = CompanySerializer
    queryset = Company.objects.order_by("name")
    permission_classes = [permissions.DjangoModelPermissionsOrAnonReadOnly]
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]


class AddressSerializer(serializers.ModelSerializer[Address]):
    class Meta:
        model = Address
        fields = ["id", "street", "city"]


class IsOwnerOrReadOnly(permissions.BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return request.method in permissions.SAFE_METHODS


class Addresses(viewsets.ModelViewSet[Address]):
    """Listed by all, and nobody knows what a row is for."""

    serializer_class = AddressSerializer
    queryset = Address.objects.all()
    permission_classes = [IsOwnerOrReadOnly]


class TagSerializer(serializers.ModelSerializer[Tag]):
    class Meta:
        model = Tag
        fields = ["slug", "date"]


class Tags(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Tag],
):
    """Read by all; staff deletes, too."""

    serializer_class = TagSerializer
    queryset = Tag.objects.all()

    def get_permissions(self) -> Any:
        if self.action == "destroy":
            return [permissions.IsAdminUser()]
        return [permissions.AllowAny()]


class TeamSerializer(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ["id", "name"]


class Teams(viewsets.ReadOnlyModelViewSet[Team]):
    """What is shown depends on the host: not understood."""

    serializer_class = TeamSerializer
    queryset = Team.objects.all()
    permission_classes = [permissions.AllowAny]

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(name=self.request.get_host())


class ServiceSerializer(serializers.ModelSerializer[Service]):
    class Meta:
        model = Service
        fields = ["id", "name"]


class ServiceList(generics.ListAPIView[Service]):
    """A view that is no viewset, of a model whose manager hides rows."""

    serializer_class = ServiceSerializer
    queryset = Service.live.all()
    permission_classes = [permissions.IsAuthenticated & ~permissions.IsAdminUser]


class ProductSerializer(serializers.ModelSerializer[Product]):
    class Meta:
        model = Product
        fields = ["name"]


class Products(viewsets.ReadOnlyModelViewSet[Product]):
    """Rows by another column than the key, which nobody is shown."""

    serializer_class = ProductSerializer
    queryset = Product.objects.all()
    permission_classes = [permissions.AllowAny]
    lookup_field = "sku"


class Restricted(viewsets.ReadOnlyModelViewSet[Booking]):
    """Another view of bookings, of other rows."""

    serializer_class = BookingSerializer
    queryset = Booking.objects.filter(urgent=True).prefetch_related(
        Prefetch("lines", Line.objects.filter(quantity=1))
    )
    permission_classes = [permissions.IsAdminUser]


class CompanyLines(generics.GenericAPIView[Line]):
    """Code."""

    queryset = Line.objects.all()

    def get(self, request: Any) -> Response:
        return Response([])


router = DefaultRouter()
router.register("bookings", OwnBookings)
router.register("customers", Customers)
router.register("companies", Companies)
router.register("addresses", Addresses)
router.register("tags", Tags)
router.register("teams", Teams)
router.register("products", Products)
router.register("urgent", Restricted, basename="urgent")
urlpatterns = [
    path("rest/", include(router.urls)),
    path("rest/services/", ServiceList.as_view()),
    path("rest/lines/", CompanyLines.as_view()),
]
